import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BadInputServer } from "./bad-input-fixture.ts";
import { assertRefusal } from "./refusals.ts";
import { succeeded } from "./wires.ts";

/** Members of every JavaScript object: what a lookup by an untrusted name finds when it looks in the wrong way. */
const names = [
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "prototype",
  "toLocaleString",
  "toString",
  "valueOf",
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
];
const plaintext = Buffer.from("hello").toString("base64");

/** An object with an own member of any name, as JSON has it. */
function own(name: string, value: unknown): unknown {
  return JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`);
}

describe("names of JavaScript's own", () => {
  let bad: BadInputServer;
  before(async () => {
    bad = await BadInputServer.start();
  });
  after(async () => {
    await bad.expectKeys();
    await bad.assertUnharmed();
    await bad.stop();
  });

  for (const name of names) {
    it(`${name} is no operation`, async () => {
      const { wires } = bad;
      for (const target of [`TrentService.${name}`, `.${name}`, `${name}.Encrypt`]) {
        assertRefusal("aws", await wires.aws(target, {}), 400, "UnknownOperationException");
      }
      for (const path of [name, `transit/${name}`, `transit/${name}/canary`, `sys/${name}`, `auth/token/${name}`]) {
        assertRefusal("vault", await wires.vault("GET", path), 404, /unsupported path|no handler for route/);
      }
      assertRefusal("rest", await wires.rest("GET", `/${name}`), 404, "NotFound");
      assertRefusal("rest", await wires.rest("POST", `/keys/canary/${name}`), 404, "NotFound");
    });

    it(`${name} is no key before somebody makes it`, async () => {
      const { wires } = bad;
      const body = { KeyId: `alias/${name}`, Plaintext: plaintext };
      assertRefusal("aws", await wires.aws("Encrypt", body), 400, "NotFoundException");
      const ciphertext = `vault:v1:${Buffer.alloc(40).toString("base64")}`;
      const decrypt = await wires.vault("POST", `transit/decrypt/${name}`, { ciphertext });
      assertRefusal("vault", decrypt, 400, "encryption key not found");
      assertRefusal("rest", await wires.rest("GET", `/keys/${name}`), 404, "NotFound");
    });

    it(`${name} is a key like any other once it is made`, async () => {
      const { wires } = bad;
      const tags = own(name, name);
      assert.equal((await wires.rest("POST", "/keys", { key_id: name, tags })).status, 201);
      assert.deepEqual(succeeded(await wires.rest("GET", `/keys/${name}`)).tags, tags);
      const { ciphertext } = succeeded(await wires.vault("POST", `transit/encrypt/${name}`, { plaintext })).data;
      const decrypted = succeeded(await wires.vault("POST", `transit/decrypt/${name}`, { ciphertext }));
      assert.equal(decrypted.data.plaintext, plaintext);
      const { KeyMetadata } = succeeded(await wires.aws("DescribeKey", { KeyId: `alias/${name}` }));
      const listed = succeeded(await wires.aws("ListAliases", { KeyId: KeyMetadata.KeyId }));
      assert.deepEqual(
        listed.Aliases.map(({ AliasName }: { AliasName: string }) => AliasName),
        [`alias/${name}`],
      );
    });

    it(`${name} is a pair of a context like any other: it binds`, async () => {
      const { wires } = bad;
      const context = own(name, "bound");
      const body = { KeyId: "alias/canary", Plaintext: plaintext, EncryptionContext: context };
      const { CiphertextBlob } = succeeded(await wires.aws("Encrypt", body));
      const right = await wires.rest("POST", "/decrypt", { key_id: "canary", ciphertext: CiphertextBlob, context });
      assert.equal(succeeded(right).plaintext, "hello");
      for (const other of [undefined, {}, own(name, "other"), own(`${name}_`, "bound")]) {
        const wrong = await wires.aws("Decrypt", { CiphertextBlob, EncryptionContext: other });
        assertRefusal("aws", wrong, 400, "InvalidCiphertextException");
      }
    });

    it(`${name} is an unknown member like any other`, async () => {
      const { wires } = bad;
      const member = own(name, { admin: true }) as Record<string, unknown>;
      const json = (known: object) => `{${JSON.stringify(known).slice(1, -1)},${JSON.stringify(member).slice(1)}`;
      const known = { KeyId: "alias/canary", Plaintext: plaintext };
      assert.ok((await wires.aws("Encrypt", json(known))).ok);
      const warned = succeeded(await wires.vault("POST", "transit/encrypt/canary", json({ plaintext })));
      assert.deepEqual(warned.warnings, [`Endpoint ignored these unrecognized parameters: [${name}]`]);
      const rest = await wires.rest("POST", "/encrypt", json({ key_id: "canary", plaintext: "x" }));
      assertRefusal("rest", rest, 400, /is unknown/);
      assertRefusal("rest", await wires.rest("GET", `/keys?${name}=1`), 400, /is unknown/);
    });
  }
});
