import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import {
  decrypt,
  EnvelopeError,
  type EnvelopeErrorCode,
  encrypt,
  type Keyring,
  type KmsCaller,
  kmsClient,
  multiKeyring,
  rawAesKeyring,
} from "@coffer/envelope";
import {
  hierarchicalKeyring,
  type KvBranchKeyStore,
  type KvClient,
  kvBranchKeyStore,
  kvClient,
} from "@coffer/envelope/hierarchical";
import { component } from "@coffer/testkit";
import { awsEnvironment } from "./aws-environment.ts";
import { pythonScript } from "./python-clients.ts";
import { runProgram } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const context = { customer: "42" };
const name = "test-branch-keys";
const maxAgeMs = 60_000;

function refusedAs(code: EnvelopeErrorCode, text: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof EnvelopeError && error.code === code && text.test(error.message);
}

async function opens(message: Uint8Array, keyring: Keyring, expected = "a secret"): Promise<void> {
  assert.equal(Buffer.from((await decrypt(message, { keyring, context })).plaintext).toString(), expected);
}

describe("branch keys in a server", () => {
  let server: ServerUnderTest;
  let kms: KmsCaller;
  let kv: KvClient;
  let store: KvBranchKeyStore;
  let arn = "";
  /** What the key server and the secrets engine were asked, in order. */
  const calls: string[] = [];

  const newKey = async () => ((await kms.call("CreateKey", {}))["KeyMetadata"] as { Arn: string }).Arn;
  const storeOf = (change: Partial<Parameters<typeof kvBranchKeyStore>[0]> = {}) =>
    kvBranchKeyStore({ kv, client: kms, keyId: arn, name, ...change });
  const keyringOf = (branchKeyId: string, from: KvBranchKeyStore = store) =>
    hierarchicalKeyring({ store: from, branchKeyId, maxAgeMs });

  before(async () => {
    server = await ServerUnderTest.start({ dev: true, listeners: 2 });
    kms = kmsClient({
      endpoint: server.url,
      region: "us-east-1",
      credentials: server.credentials,
      fetch: (url, init) => {
        calls.push(init.headers["x-amz-target"] ?? "?");
        return fetch(url, { ...init, body: init.body ?? null });
      },
    });
    kv = kvClient({
      address: server.vaultUrl,
      token: "root-token",
      fetch: (url, init) => {
        calls.push(`${init.method} KV`);
        return fetch(url, { ...init, body: init.body ?? null });
      },
    });
    const mounted = await fetch(`${server.vaultUrl}/v1/sys/mounts/secret`, {
      method: "POST",
      headers: { "x-vault-token": "root-token" },
      body: '{"type":"kv","options":{"version":"2"}}',
    });
    assert.ok(mounted.status === 204 || mounted.status === 400, String(mounted.status));
    arn = await newKey();
    store = storeOf();
  });
  after(() => server?.kill());

  it("a thousand messages, begun at once, cost one call to encrypt and one to decrypt", async () => {
    const id = await store.createBranchKey();
    using keyring = keyringOf(id);
    calls.length = 0;
    const messages = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => encrypt(`message ${index}`, { keyring, context })),
    );
    assert.deepEqual(calls, ["GET KV", "TrentService.Decrypt"]);
    calls.length = 0;
    await Promise.all(messages.map((message, index) => opens(message, keyring, `message ${index}`)));
    assert.deepEqual(calls, ["GET KV", "TrentService.Decrypt"]);
  });

  it("after a rotation the new version encrypts, once the old one is too old; both decrypt", async (t) => {
    const id = await store.createBranchKey({ branchKeyId: "rotated", context: { tenant: "a" } });
    using keyring = keyringOf(id);
    const first = await encrypt("a secret", { keyring, context });
    const version = await store.rotateBranchKey(id);
    assert.equal((await store.getActiveBranchKey(id)).version, version);
    mock.timers.enable({ apis: ["Date"], now: Date.now() });
    t.after(() => mock.timers.reset());
    const versionOf = (message: Uint8Array) =>
      Buffer.from(message).includes(Buffer.from(version.replaceAll("-", ""), "hex"));
    assert.equal(versionOf(await encrypt("a secret", { keyring, context })), false);
    mock.timers.tick(maxAgeMs);
    const second = await encrypt("a secret", { keyring, context });
    assert.equal(versionOf(second), true);
    for (const message of [first, second]) await opens(message, keyringOf(id));
  });

  it("each tenant has its own, which the message's context picks", async () => {
    const ids = await Promise.all([1, 2].map(() => store.createBranchKey()));
    const keyring = hierarchicalKeyring({
      store,
      maxAgeMs,
      branchKeyIdSupplier: ({ customer }) => {
        const id = ids[Number(customer)];
        if (id === undefined) throw new Error(`nobody knows customer ${customer}`);
        return id;
      },
    });
    const message = await encrypt("x", { keyring, context: { customer: "1" } });
    await decrypt(message, { keyring: keyringOf(ids[1]!) });
    await assert.rejects(decrypt(message, { keyring: keyringOf(ids[0]!) }), refusedAs("KeyUnavailable", /none of its/));
    await assert.rejects(encrypt("x", { keyring, context: { customer: "7" } }), /nobody knows customer 7/);
    const strange = await encrypt("x", { keyring: keyringOf(ids[1]!), context: { customer: "7" } });
    await assert.rejects(decrypt(strange, { keyring }), refusedAs("KeyUnavailable", /nobody knows customer 7/));
  });

  it("beside another keyring, and with a signature", async () => {
    const id = await store.createBranchKey();
    const raw = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32) });
    const message = await encrypt("a secret", { keyring: multiKeyring([raw, keyringOf(id)]), context, sign: true });
    for (const keyring of [raw, keyringOf(id), multiKeyring([keyringOf("absent"), raw])]) await opens(message, keyring);
  });

  it("the wrapped data key is bound to the message's context", async () => {
    const keyring = keyringOf(await store.createBranchKey());
    const message = await encrypt("x", { keyring, context, requiredContextNames: ["customer"] });
    await assert.rejects(
      decrypt(message, { keyring, context: { customer: "43" } }),
      refusedAs("KeyUnavailable", /branch key/),
    );
    await decrypt(message, { keyring, context });
  });

  it("ids are taken once, and must be names", async () => {
    await store.createBranchKey({ branchKeyId: "taken" });
    await assert.rejects(store.createBranchKey({ branchKeyId: "taken" }), refusedAs("InvalidInput", /already/));
    for (const branchKeyId of ["", "..", "a/b", "a b", "ä", "x".repeat(129)]) {
      await assert.rejects(store.createBranchKey({ branchKeyId }), refusedAs("InvalidInput", /1 to 128/), branchKeyId);
    }
    await assert.rejects(
      encrypt("x", { keyring: keyringOf("absent") }),
      refusedAs("KeyUnavailable", /no branch key absent/),
    );
  });

  it("of two rotations at once one is made", async () => {
    const id = await store.createBranchKey();
    const outcomes = await Promise.allSettled([store.rotateBranchKey(id), store.rotateBranchKey(id)]);
    const made = outcomes.filter(({ status }) => status === "fulfilled");
    assert.equal(made.length, 1);
  });

  it("who can write the secrets cannot put another's branch key, context or name in a branch key's place", async () => {
    const id = await store.createBranchKey({ context: { tenant: "a" } });
    const otherId = await store.createBranchKey();
    const path = (of: string) => `branch-keys/${of}/active`;
    const own = (await kv.read(path(id)))!.data as Record<string, string>;
    const foreign = (await kv.read(path(otherId)))!.data as Record<string, string>;
    const put = async (data: Record<string, string>) => {
      assert.ok(await kv.write(path(id), data, (await kv.read(path(id)))!.version));
    };
    const { version } = await store.getActiveBranchKey(id);
    for (const wrong of [
      foreign,
      (await kv.read(`branch-keys/${id}/version/${version}`))!.data as Record<string, string>,
    ]) {
      await put(wrong);
      await assert.rejects(encrypt("x", { keyring: keyringOf(id) }), refusedAs("KeyUnavailable", /another's record/));
    }
    for (const damage of [
      { "branch-key-id": id, ...{ enc: foreign["enc"]! } },
      { "aws-crypto-ec:tenant": "b" },
      { version: `branch:version:${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}` },
      { "create-time": "2020-01-01T00:00:00.000000Z" },
    ]) {
      await put({ ...own, ...damage });
      const refused = refusedAs("ServiceRefused", /InvalidCiphertext/);
      await assert.rejects(encrypt("x", { keyring: keyringOf(id) }), refused, JSON.stringify(damage));
      await assert.rejects(store.rotateBranchKey(id), refused, JSON.stringify(damage));
    }
    await put(own);
    await encrypt("x", { keyring: keyringOf(id) });
    const renamed = storeOf({ name: "another" });
    await assert.rejects(
      encrypt("x", { keyring: keyringOf(id, renamed) }),
      refusedAs("ServiceRefused", /InvalidCiphertext/),
    );
    const otherKey = storeOf({ keyId: await newKey() });
    await assert.rejects(
      encrypt("x", { keyring: keyringOf(id, otherKey) }),
      refusedAs("KeyUnavailable", /another key/),
    );
  });

  it("an answer that names another key is not believed", async () => {
    const id = await store.createBranchKey();
    const lying = {
      ...kms,
      decrypt: async (input: Parameters<typeof kms.decrypt>[0]) => ({
        ...(await kms.decrypt(input)),
        KeyId: `${arn}0`,
      }),
    };
    const keyring = keyringOf(id, storeOf({ client: lying }));
    await assert.rejects(encrypt("x", { keyring }), refusedAs("KeyUnavailable", /no branch key of the key/));
  });

  it("the secrets engine holds no key in the clear", async () => {
    const id = await store.createBranchKey();
    const { key } = await store.getActiveBranchKey(id);
    const kept = JSON.stringify((await kv.read(`branch-keys/${id}/active`))?.data);
    key.use((bytes) => assert.ok(!kept.includes(Buffer.from(bytes).toString("base64").slice(0, 20))));
    key.dispose();
  });

  it("the AWS Cryptographic Material Providers read the same branch keys, and each the other's messages", {
    skip: python.available ? false : python.reason,
  }, async () => {
    assert.ok(python.available);
    const id = await store.createBranchKey({ context: { tenant: "a" } });
    const keyring = keyringOf(id);
    const message = await encrypt("a secret", { keyring, context, sign: true });
    const { version } = await store.getActiveBranchKey(id);
    const paths = ["active", `version/${version}`].map((rest) => `branch-keys/${id}/${rest}`);
    const items = await Promise.all(paths.map(async (path) => (await kv.read(path))?.data));
    const { status, stdout, stderr } = await runProgram(python.path, [pythonScript("branch_keys.py")], {
      environment: awsEnvironment(server),
      input: JSON.stringify({
        items,
        arn,
        name,
        branch_key_id: id,
        endpoint: server.url,
        message: Buffer.from(message).toString("base64"),
        context,
      }),
    });
    assert.equal(status, 0, stderr);
    const told = JSON.parse(stdout) as { plaintext: string; message: string };
    assert.equal(Buffer.from(told.plaintext, "base64").toString(), "a secret");
    await opens(Buffer.from(told.message, "base64"), keyring);
  });
});
