import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { type AwsTest, type Json, openAws } from "./aws-client.ts";
import { importRequest } from "./import-client.ts";
import {
  rawPublicKeySha256,
  type VectorCase,
  type VectorKey,
  type VectorRequest,
  wycheproofRows,
} from "./wycheproof-rows.ts";

/** Which cases run: all, or the first of each kind (its result and its flags) in its source. */
export type Extent = "all" | "first-of-each-kind";

/** Runs a file's cases through AWS KMS, one imported key for the cases that share it. Gives how many ran. */
export async function runVectors(file: string, extent: Extent): Promise<number> {
  const row = wycheproofRows.get(file);
  assert.ok(row !== undefined && !("absent" in row), `${file} has no row that runs`);
  const aws = await openAws();
  try {
    const cases = readCases(file).filter(extent === "all" ? () => true : firstOfEachKind());
    const keys = new Map<string, string | undefined>();
    for (const vector of cases) {
      const name = `${file} ${vector["file"] ?? vector["spec"] ?? vector["hash"] ?? ""} ${vector.tcId} ${vector.flags}`;
      const key = row.key(vector);
      // Wrapped material is the case itself: it is never shared.
      const id = key.wrap ? name : `${key.KeySpec} ${key.KeyUsage} ${key.material.toString("hex")}`;
      if (!keys.has(id)) keys.set(id, await importVectorKey(aws, key, name));
      const KeyId = keys.get(id);
      if (KeyId === undefined) continue;
      for (const request of row.requests(vector)) await assertAnswer(aws, KeyId, request, name);
    }
    assert.deepEqual(aws.test.bugs, []);
    return cases.length;
  } finally {
    await aws.close();
  }
}

function readCases(file: string): readonly VectorCase[] {
  const stored = readFileSync(new URL(`../../../vectors/wycheproof/${file}.json.gz`, import.meta.url));
  const { cases } = JSON.parse(gunzipSync(stored).toString("utf8")) as { readonly cases: readonly VectorCase[] };
  assert.ok(cases.length > 0, `${file} has cases`);
  return cases;
}

function firstOfEachKind(): (vector: VectorCase) => boolean {
  const seen = new Set<string>();
  return (vector) => {
    const source = vector["file"] ?? vector["spec"] ?? vector["hash"];
    const kind = JSON.stringify([source, vector.result, vector.flags]);
    const isNew = !seen.has(kind);
    seen.add(kind);
    return isNew;
  };
}

/** The key's id, or nothing where its import is refused as it has to be. */
async function importVectorKey(aws: AwsTest, key: VectorKey, name: string): Promise<string | undefined> {
  const { KeySpec, KeyUsage, material, wrap, refusedAs } = key;
  const { KeyId } = await aws.createKey({ KeySpec, KeyUsage, Origin: "EXTERNAL" });
  const request = wrap ? await wrapByVector(aws, KeyId, wrap) : await importRequest(aws, KeyId, material);
  const { status, json, text } = await aws.call("ImportKeyMaterial", request);
  assert.deepEqual(
    [status, json["__type"]],
    refusedAs === undefined ? [200, undefined] : [400, refusedAs],
    name + text,
  );
  return refusedAs === undefined ? KeyId : undefined;
}

async function wrapByVector(aws: AwsTest, KeyId: string, wrap: (publicKey: string) => Buffer): Promise<Json> {
  const wrapping = { WrappingAlgorithm: "RSA_AES_KEY_WRAP_SHA_256", WrappingKeySpec: "RSA_2048" };
  const { ImportToken, PublicKey } = await aws.ok("GetParametersForImport", { KeyId, ...wrapping });
  const EncryptedKeyMaterial = wrap(String(PublicKey)).toString("base64");
  return { KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" };
}

async function assertAnswer(aws: AwsTest, KeyId: string, request: VectorRequest, name: string): Promise<void> {
  const { operation, input, expected } = request;
  const { status, json, text } = await aws.call(operation, { KeyId, ...input });
  if (typeof expected === "string") {
    assert.deepEqual([status, json["__type"]], [400, expected], `${operation} ${name}: ${text}`);
    return;
  }
  assert.equal(status, 200, `${operation} ${name}: ${text}`);
  const answered: Json =
    operation === "GetPublicKey" ? { rawPublicKeySha256: rawPublicKeySha256(String(json["PublicKey"])) } : json;
  for (const [member, value] of Object.entries(expected)) {
    assert.equal(answered[member], value, `${operation} ${name}: ${member}`);
  }
}
