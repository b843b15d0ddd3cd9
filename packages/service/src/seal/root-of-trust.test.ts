import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SecretBytes } from "@coffer/crypto";
import { createShamirSeal } from "@coffer/seal";
import { openTestCore, type TestCore } from "@coffer/testkit";
import type { ServiceError } from "../errors.ts";
import type { RequestContext } from "../model/request.ts";
import {
  readRootGeneration,
  startRootGeneration,
  submitRootGenerationShare,
} from "../operations/seal/generate-root.ts";
import { readRekey, startRekey, submitRekeyShare, verifyRekeyShare } from "../operations/seal/rekey.ts";
import { execute } from "../pipeline/execute.ts";
import type { NewShares } from "./root-of-trust.ts";
import { readSealedRootKey, recoverySetting, sealedRootKeyWrite } from "./root-record.ts";

const kind = "recovery";
const quorum = { shares: 3, threshold: 2 };

async function refusedFor(call: Promise<unknown>, reason: string): Promise<void> {
  await assert.rejects(call, (error: ServiceError) => {
    assert.deepEqual(error.detail, { code: "InvalidInput", params: { kind: "validation", reason } });
    return true;
  });
}

describe("the root of trust of a running instance", () => {
  let test: TestCore;

  beforeEach(async () => {
    test = await openTestCore();
  });
  afterEach(() => test.close());

  const request = (): RequestContext =>
    test.request({ wire: "vault", vault: { path: "sys/rekey/init", capability: "sudo" } });
  const start = (verify = false) => execute(test.core, startRekey, { kind, quorum, verify }, request());
  const bytesOf = ({ shares }: NewShares) => shares.map((share) => share.use((bytes) => Uint8Array.from(bytes)));
  const submit = async (share: Uint8Array | undefined) => {
    const { nonce } = await execute(test.core, readRekey, { kind }, request());
    return execute(test.core, submitRekeyShare, { kind, share: Uint8Array.from(share!), nonce }, request());
  };

  async function makeShares(): Promise<Uint8Array[]> {
    const made = await start();
    assert.ok(made !== undefined);
    return bytesOf(made);
  }

  /** What somebody does who can write to the database: a root key of their own, with shares of their own. */
  async function plantRootKey(): Promise<Uint8Array[]> {
    const before = await readSealedRootKey(test.core.store, recoverySetting);
    const { sealed, shares } = await createShamirSeal().seal(SecretBytes.random(32), quorum);
    await test.core.store.commit([sealedRootKeyWrite(recoverySetting, sealed, before)]);
    return shares.map((share) => share.use((bytes) => Uint8Array.from(bytes)));
  }

  it("makes shares that open the instance's own root key", async () => {
    const shares = await makeShares();
    const stored = await readSealedRootKey(test.core.store, recoverySetting);
    const held = shares.slice(1).map((share) => SecretBytes.takeFrom(share));
    using rootKey = await createShamirSeal().unseal(stored!.sealed, held);
    assert.ok(rootKey !== undefined && test.core.keyring.isRootKey(rootKey));
    assert.ok(!test.core.keyring.isRootKey(SecretBytes.random(32)));
  });

  it("gives nothing for shares of a root key that somebody else put into the database", async () => {
    await makeShares();
    const planted = await plantRootKey();
    await start();
    await submit(planted[0]);
    await refusedFor(submit(planted[1]), "recovery key verification failed");
    const none = { password: undefined };
    await execute(test.core, startRootGeneration, none, request());
    const { nonce } = await execute(test.core, readRootGeneration, null, request());
    const give = (share: Uint8Array) =>
      execute(test.core, submitRootGenerationShare, { share: Uint8Array.from(share), nonce }, request());
    await give(planted[0]!);
    await refusedFor(give(planted[1]!), "root key verification failed");
  });

  it("makes one set of shares for one quorum, however its shares come", async () => {
    const shares = await makeShares();
    await start();
    const results = await Promise.allSettled([submit(shares[0]), submit(shares[1]), submit(shares[2])]);
    const made = results.filter((result) => result.status === "fulfilled" && result.value !== undefined);
    assert.equal(made.length, 1);
  });

  it("does not change the stored shares before the new ones are verified", async () => {
    const shares = await makeShares();
    const before = await readSealedRootKey(test.core.store, recoverySetting);
    await start(true);
    await submit(shares[0]);
    const made = await submit(shares[1]);
    assert.ok(made?.verificationNonce !== undefined);
    assert.deepEqual(await readSealedRootKey(test.core.store, recoverySetting), before);
    const [first, second] = bytesOf(made);
    const verify = (share: Uint8Array | undefined) =>
      execute(test.core, verifyRekeyShare, { kind, share: share!, nonce: made.verificationNonce! }, request());
    assert.equal(await verify(first), false);
    assert.deepEqual(await readSealedRootKey(test.core.store, recoverySetting), before);
    assert.equal(await verify(second), true);
    assert.notDeepEqual(await readSealedRootKey(test.core.store, recoverySetting), before);
  });

  it("records who began, helped and finished, and nothing of any share", async () => {
    const shares = await makeShares();
    const given = shares.map((share) => Buffer.from(share));
    await start();
    await submit(shares[0]);
    await submit(shares[1]);
    const events = await test.auditEvents();
    const names = events.map(({ eventName }) => eventName);
    assert.deepEqual(
      names.filter((name) => name !== "ReadRekey"),
      ["StartRekey", "StartRekey", "SubmitRekeyShare", "SubmitRekeyShare"],
    );
    assert.deepEqual(events[0]?.["requestParameters"], { kind, ...quorum, verify: false });
    assert.deepEqual(events.at(-1)?.["responseElements"], { complete: true, verificationRequired: false });
    const text = JSON.stringify(events);
    for (const share of given)
      assert.ok(!text.includes(share.toString("base64")) && !text.includes(share.toString("hex")));
  });
});
