import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { externalIntegrityValue } from "@coffer/crypto";
import { LoopbackProxy } from "@coffer/testkit";
import type { OperationName } from "../src/kms/codec.ts";
import { operations } from "../src/kms/generated/model.ts";
import { kmsTargets } from "../src/kms/operations.ts";
import { type AwsTest, type Json, openAws } from "./aws-client.ts";
import {
  importedMaterial,
  importRequest,
  type KeyRequest,
  keyRequests,
  requestOf,
  withoutKey,
} from "./key-requests.ts";
import { type AwsKeyState, type Cell, keyStates, keyStateTable, notes } from "./key-state-table.ts";

/** A key store's proxy that agrees to everything. */
const proxyAnswers: ReadonlyMap<string, Json> = new Map<string, Json>([
  [
    "health",
    {
      xksProxyFleetSize: 1,
      xksProxyVendor: "test",
      xksProxyModel: "test",
      ekmVendor: "test",
      ekmFleetDetails: [{ id: "1", model: "test", healthStatus: "ACTIVE" }],
    },
  ],
  ["metadata", { keySpec: "AES_256", keyUsage: ["ENCRYPT", "DECRYPT"], keyStatus: "ENABLED" }],
]);

/** What becomes of a plaintext behind the proxy: nothing, as nobody decrypts it. */
function encrypted(body: Uint8Array): Json {
  const request = JSON.parse(Buffer.from(body).toString()) as Record<string, string>;
  const decoded = (text = "") => Buffer.from(text, "base64");
  const parts = {
    ciphertext: decoded(request.plaintext),
    metadata: Buffer.alloc(0),
    iv: Buffer.alloc(12),
    tag: Buffer.alloc(16),
  };
  const integrity = externalIntegrityValue(parts, decoded(request.additionalAuthenticatedData));
  return {
    ciphertext: request.plaintext,
    initializationVector: parts.iv.toString("base64"),
    authenticationTag: parts.tag.toString("base64"),
    ciphertextDataIntegrityValue: integrity.toString("base64"),
  };
}

describe("operations by key state", () => {
  let aws: AwsTest;
  let proxy: LoopbackProxy;
  let CustomKeyStoreId: unknown;
  let externalKeys = 0;

  before(async () => {
    aws = await openAws();
    proxy = await LoopbackProxy.start(({ path, body }) => {
      const answer = proxyAnswers.get(path.slice(path.lastIndexOf("/") + 1)) ?? encrypted(body);
      return Promise.resolve({ status: 200, headers: {}, body: JSON.stringify(answer) });
    });
    ({ CustomKeyStoreId } = await aws.ok("CreateCustomKeyStore", {
      CustomKeyStoreName: "cellar",
      CustomKeyStoreType: "EXTERNAL_KEY_STORE",
      XksProxyConnectivity: "PUBLIC_ENDPOINT",
      XksProxyUriEndpoint: proxy.endpoint,
      XksProxyUriPath: "/kms/xks/v1",
      XksProxyAuthenticationCredential: { AccessKeyId: "A".repeat(20), RawSecretAccessKey: "x".repeat(43) },
    }));
  });
  after(async () => {
    await proxy.close();
    await aws.close();
    assert.deepEqual(aws.test.bugs, []);
  });

  /** What CreateKey takes for a key that can be in the state. */
  function creation({ key }: KeyRequest, state: AwsKeyState): Json {
    if (state === "PendingReplicaDeletion") return { ...key, MultiRegion: true };
    if (state === "PendingImport") return { ...key, Origin: "EXTERNAL" };
    if (state !== "Unavailable") return key;
    externalKeys += 1;
    return { Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId, XksKeyId: `key-${externalKeys}` };
  }

  /** Puts a key into the state, as users do. */
  async function enter(KeyId: string, state: AwsKeyState): Promise<void> {
    if (state === "Disabled") await aws.ok("DisableKey", { KeyId });
    if (state === "PendingReplicaDeletion") await aws.ok("ReplicateKey", { KeyId, ReplicaRegion: "eu-west-1" });
    if (/^Pending.*Deletion$/.test(state)) await aws.ok("ScheduleKeyDeletion", { KeyId });
    if (state === "Unavailable") await aws.ok("DisconnectCustomKeyStore", { CustomKeyStoreId });
    assert.equal((await aws.ok("DescribeKey", { KeyId })).KeyMetadata?.KeyState, state);
  }

  /** The request of an operation about a new key in the state. */
  async function prepare(row: KeyRequest, state: AwsKeyState): Promise<{ readonly input: Json; readonly Arn: string }> {
    if (state === "Unavailable") await aws.ok("ConnectCustomKeyStore", { CustomKeyStoreId });
    const input = creation(row, state);
    const { KeyId, Arn } = await aws.createKey(input);
    const waits = state === "PendingImport";
    const imports = input.Origin === "EXTERNAL" && (row.needsMaterial === true || !waits);
    if (imports) await aws.ok("ImportKeyMaterial", await importRequest(aws, KeyId, importedMaterial));
    const request = await requestOf(aws, row, {
      KeyId,
      Arn,
      hasMaterial: state === "Enabled",
      isExternal: input.Origin === "EXTERNAL",
    });
    if (imports && waits) await aws.ok("DeleteImportedKeyMaterial", { KeyId });
    await enter(KeyId, state);
    return { input: request, Arn };
  }

  async function check(name: OperationName, state: AwsKeyState, cell: Cell): Promise<void> {
    if (cell === "-") return;
    const { input, Arn } = await prepare(keyRequests.get(name)!, state);
    const answer = await aws.call(name, input);
    const got = answer.status === 200 ? "ok" : `${answer.json.__type}: ${answer.json.message}`;
    const [type, words] = cell === "ok" ? [] : notes[cell];
    assert.equal(got, type === undefined ? "ok" : `${type}: ${Arn}${words}`, state);
  }

  it("every operation of the model takes no key, or has a row and a request", () => {
    const names = Object.keys(operations).sort();
    assert.deepEqual([...keyStateTable.keys(), ...withoutKey].sort(), names);
    assert.deepEqual([...keyRequests.keys(), ...withoutKey].sort(), names);
  });

  it("a key that is pending deletion does not rotate, and does again when that is cancelled", async () => {
    const { KeyId } = await aws.createKey();
    await aws.ok("EnableKeyRotation", { KeyId });
    await aws.ok("ScheduleKeyDeletion", { KeyId });
    const pending = await aws.ok("GetKeyRotationStatus", { KeyId });
    assert.deepEqual([pending.KeyRotationEnabled, pending.NextRotationDate], [false, undefined]);
    await aws.ok("CancelKeyDeletion", { KeyId });
    assert.equal((await aws.ok("GetKeyRotationStatus", { KeyId })).KeyRotationEnabled, true);
  });

  for (const [name, cells] of keyStateTable) {
    const row = kmsTargets.get(`TrentService.${name}`)!;
    it(`${name}: ${cells.join(", ")}`, { skip: "absent" in row ? `no ${row.absent}` : false }, async () => {
      for (const [index, state] of keyStates.entries()) await check(name, state, cells[index]!);
    });
  }
});
