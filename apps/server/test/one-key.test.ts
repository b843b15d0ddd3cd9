import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CancelKeyDeletionCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  GenerateDataKeyCommand,
  GetKeyPolicyCommand,
  KMSInvalidStateException,
  PutKeyPolicyCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { component } from "@coffer/testkit";
import vault from "node-vault";
import { botoKeys, type Caller, hvacKeys, type KeyClient, nodeVaultKeys, restKeys, sdkKeys } from "./key-clients.ts";
import { PythonClients } from "./python-clients.ts";
import { makeUser, rest, restBody } from "./rest-client.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const withoutPython = python.available ? false : python.reason;

/** The words of the APIs for the same refusals. */
const denied = /: 403 |AccessDeniedException|permission denied/;
const unauthenticated = /: 401 |UnrecognizedClientException|invalid token/;
const disabled = /: 409 .*disabled|DisabledException|is disabled/;
const deleted = /: 409 .*deletion|KMSInvalidStateException|encryption key not found|scheduled for deletion/;

async function refused({ name }: KeyClient, call: Promise<unknown>, reason: RegExp): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.match(String(error), reason, name);
    return true;
  });
}

describe("one key, every API, one port", () => {
  let server: ServerUnderTest;
  let sdk: ReturnType<typeof sdkKeys>;
  let transit: vault.client;
  let clients: PythonClients | undefined;
  before(async () => {
    server = await ServerUnderTest.start();
    sdk = sdkKeys(server);
    transit = vault({ endpoint: server.vaultUrl, token: server.credentials.token });
    await transit.mount({ mount_point: "transit", type: "transit" });
    if (python.available) clients = new PythonClients(python.path);
  });
  after(async () => {
    clients?.close();
    sdk?.kms.destroy();
    await server?.kill();
  });

  /** All clients of all APIs that this machine has. */
  function everyClient(caller: Caller = server.credentials): readonly KeyClient[] {
    return [
      restKeys(server, caller),
      sdkKeys(server, caller),
      nodeVaultKeys(server, caller),
      ...(clients === undefined ? [] : [botoKeys(clients, server, caller), hvacKeys(clients, server, caller)]),
    ];
  }

  async function worksEverywhere(name: string): Promise<void> {
    const all = everyClient();
    for (const { format, encrypt, name: who } of all) {
      const ciphertext = await encrypt(name, `from ${who}`);
      for (const reader of all.filter((client) => client.format === format)) {
        assert.equal(await reader.decrypt(name, ciphertext), `from ${who}`, `${who} to ${reader.name}`);
      }
    }
  }

  /** What each client encrypted, for asking whether it can be decrypted later. */
  async function sealEverywhere(name: string, all = everyClient()) {
    return Promise.all(all.map(async (client) => ({ client, ciphertext: await client.encrypt(name, "old") })));
  }

  type Sealed = Awaited<ReturnType<typeof sealEverywhere>>;

  async function opensEverywhere(name: string, sealed: Sealed): Promise<void> {
    for (const { client, ciphertext } of sealed)
      assert.equal(await client.decrypt(name, ciphertext), "old", client.name);
  }

  async function refusedEverywhere(name: string, sealed: Sealed, reason: RegExp): Promise<void> {
    for (const { client, ciphertext } of sealed) {
      await refused(client, client.encrypt(name, "new"), reason);
      await refused(client, client.decrypt(name, ciphertext), reason);
    }
  }

  for (const [maker, name] of [
    ["REST", "made-by-rest"],
    ["AWS SDK", "made-by-sdk"],
    ["node-vault", "made-by-node-vault"],
    ["boto3", "made-by-boto3"],
    ["hvac", "made-by-hvac"],
  ] as const) {
    const skip = maker === "boto3" || maker === "hvac" ? withoutPython : false;
    it(`a key made with ${maker} works with all others`, { skip }, async () => {
      const client = everyClient().find((candidate) => candidate.name === maker);
      await client?.makeKey(name);
      await worksEverywhere(name);
      // It is one key, not one an API: the others list it under its name.
      assert.ok((await transit.transitListKeys()).data.keys.includes(name));
      const { keys } = await restBody(server, "GET", "/keys");
      assert.equal(keys.filter(({ id }: { id: string }) => id === name).length, 1);
      await assert.rejects(restKeys(server).makeKey(name), /409/);
    });
  }

  it("a data key from one API opens in another", async () => {
    await restKeys(server).makeKey("data-keys");
    const made = await restBody(server, "POST", "/datakey", { key_id: "data-keys" });
    const CiphertextBlob = Buffer.from(made.ciphertext, "base64");
    const { Plaintext } = await sdk.kms.send(new DecryptCommand({ CiphertextBlob }));
    assert.equal(Buffer.from(Plaintext ?? []).toString("base64"), made.plaintext);
    const { CiphertextBlob: blob, Plaintext: plaintext } = await sdk.kms.send(
      new GenerateDataKeyCommand({ KeyId: "alias/data-keys", KeySpec: "AES_256" }),
    );
    const ciphertext = Buffer.from(blob ?? []).toString("base64");
    const body = { key_id: "data-keys", ciphertext, encoding: "base64" };
    assert.equal(
      (await restBody(server, "POST", "/decrypt", body)).plaintext,
      Buffer.from(plaintext ?? []).toString("base64"),
    );
    const wrapped = await transit.write("transit/datakey/plaintext/data-keys", {});
    const opened = await transit.decryptData({ name: "data-keys", ciphertext: wrapped.data.ciphertext });
    assert.equal(opened.data.plaintext, wrapped.data.plaintext);
  });

  it("a rotation through any API is one for all", async () => {
    const name = "rotated";
    await restKeys(server).makeKey(name);
    const { KeyMetadata: metadata } = await sdk.kms.send(new DescribeKeyCommand({ KeyId: `alias/${name}` }));
    const rotations = [
      () => sdk.kms.send(new RotateKeyOnDemandCommand({ KeyId: metadata?.KeyId })),
      () => transit.write(`transit/keys/${name}/rotate`, {}),
      () => restBody(server, "POST", `/keys/${name}/rotate`),
    ];
    const sealed = await sealEverywhere(name);
    for (const [index, rotate] of rotations.entries()) {
      await rotate();
      assert.equal((await transit.transitReadKey({ name })).data.latest_version, index + 2);
      assert.equal((await restBody(server, "GET", `/keys/${name}`)).version, index + 2);
    }
    await opensEverywhere(name, sealed);
    await worksEverywhere(name);
  });

  it("a key that KMS disables is refused by every API at once", async () => {
    const name = "disabled";
    await nodeVaultKeys(server).makeKey(name);
    const sealed = await sealEverywhere(name);
    const { KeyMetadata: metadata } = await sdk.kms.send(new DescribeKeyCommand({ KeyId: `alias/${name}` }));
    const KeyId = metadata?.KeyId;
    await sdk.kms.send(new DisableKeyCommand({ KeyId }));
    await refusedEverywhere(name, sealed, disabled);
    assert.equal((await restBody(server, "GET", `/keys/${name}`)).state, "disabled");
    await sdk.kms.send(new EnableKeyCommand({ KeyId }));
    await opensEverywhere(name, sealed);
  });

  for (const [api, remove] of [
    ["REST", (name: string) => restBody(server, "DELETE", `/keys/${name}?days=7`)],
    [
      "KMS",
      async (name: string) => {
        const { KeyMetadata: metadata } = await sdk.kms.send(new DescribeKeyCommand({ KeyId: `alias/${name}` }));
        await sdk.kms.send(new ScheduleKeyDeletionCommand({ KeyId: metadata?.KeyId, PendingWindowInDays: 7 }));
      },
    ],
    [
      "Vault",
      async (name: string) => {
        await transit.write(`transit/keys/${name}/config`, { deletion_allowed: true });
        await transit.transitDeleteKey({ name });
      },
    ],
  ] as const) {
    it(`a key deleted through ${api} is gone for every API; REST and KMS bring it back`, async () => {
      const name = `deleted-by-${api.toLowerCase()}`;
      await restKeys(server).makeKey(name);
      const sealed = await sealEverywhere(name);
      for (const restore of ["REST", "KMS"] as const) {
        await remove(name);
        await refusedEverywhere(name, sealed, deleted);
        const { KeyMetadata: metadata } = await sdk.kms.send(new DescribeKeyCommand({ KeyId: `alias/${name}` }));
        assert.equal(metadata?.KeyState, "PendingDeletion");
        assert.ok(metadata?.DeletionDate);
        await assert.rejects(sdk.encrypt(name, "x"), KMSInvalidStateException);
        assert.equal((await restBody(server, "GET", `/keys/${name}`)).state, "pending_deletion");
        await assert.rejects(transit.transitReadKey({ name }), /Status 404/);
        if (restore === "REST") {
          await restBody(server, "POST", `/keys/${name}/restore`);
        } else {
          await sdk.kms.send(new CancelKeyDeletionCommand({ KeyId: metadata.KeyId }));
          await refusedEverywhere(name, sealed, disabled);
          await sdk.kms.send(new EnableKeyCommand({ KeyId: metadata.KeyId }));
        }
        await opensEverywhere(name, sealed);
      }
    });
  }

  it("a user may do in every API what the policies allow, and nothing else", async () => {
    const name = "policed";
    await restKeys(server).makeKey(name);
    const { KeyMetadata: metadata } = await sdk.kms.send(new DescribeKeyCommand({ KeyId: `alias/${name}` }));
    const KeyId = metadata?.KeyId;
    const ciphertexts = (await sealEverywhere(name)).map(({ ciphertext }) => ciphertext);
    const asNobody = everyClient(await makeUser(server, "nobody"));
    await refusedEverywhere(
      name,
      asNobody.map((client, index) => ({ client, ciphertext: ciphertexts[index] ?? "" })),
      denied,
    );
    for (const client of asNobody) await refused(client, client.makeKey(`of-nobody-${client.name}`), denied);

    const alice = await makeUser(server, "alice", ["kms:Encrypt", "kms:Decrypt"]);
    const asAlice = everyClient(alice);
    const sealed = await sealEverywhere(name, asAlice);
    await opensEverywhere(name, sealed);
    for (const client of asAlice) await refused(client, client.makeKey(`of-alice-${client.name}`), denied);
    assert.equal((await rest(server, "POST", `/keys/${name}/rotate`, undefined, alice.token)).status, 403);

    const { Policy } = await sdk.kms.send(new GetKeyPolicyCommand({ KeyId }));
    const policy = JSON.parse(Policy ?? "");
    policy.Statement.push({ Effect: "Deny", Principal: { AWS: alice.arn }, Action: "kms:Encrypt", Resource: "*" });
    await sdk.kms.send(new PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify(policy) }));
    for (const client of asAlice) await refused(client, client.encrypt(name, "x"), denied);
    await opensEverywhere(name, sealed);
    for (const client of everyClient()) await client.encrypt(name, "x");

    await restBody(server, "DELETE", "/admin/principals/user/alice");
    await refusedEverywhere(name, sealed, unauthenticated);
  });
});
