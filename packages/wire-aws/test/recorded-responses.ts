import { generateKeyPairSync, randomBytes } from "node:crypto";
import { type AwsTest, base64, type Json } from "./aws-client.ts";
import { importMaterial } from "./import-client.ts";
import { type RecordedAnswer, some } from "./recorded-request.ts";

/** Members that every key's metadata has, as of a symmetric key of AWS KMS. */
function metadata(KeyId: string, Arn: string, changes: Json = {}): Json {
  const all: Json = {
    AWSAccountId: "000000000000",
    Arn,
    CreationDate: some.time,
    CurrentKeyMaterialId: some.text,
    CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
    Description: "test key 123",
    Enabled: true,
    EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    KeyId,
    KeyManager: "CUSTOMER",
    KeySpec: "SYMMETRIC_DEFAULT",
    KeyState: "Enabled",
    KeyUsage: "ENCRYPT_DECRYPT",
    MultiRegion: false,
    Origin: "AWS_KMS",
    ...changes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

type Steps = (aws: AwsTest, KeyId: string) => Promise<unknown>;

/** DescribeKey of a key, after some steps. */
function described(source: string, key: Json, changes: Json, steps?: Steps): RecordedAnswer {
  return {
    source,
    ask: async (aws) => {
      const { KeyId, Arn } = await aws.createKey({ Description: "test key 123", ...key });
      await steps?.(aws, KeyId);
      const members = { KeyMetadata: metadata(KeyId, Arn, changes) };
      return { operation: "DescribeKey", input: { KeyId }, expected: { members } };
    },
  };
}

/** A request about a new key, whose answer names the key's ARN. */
function answered(
  source: string,
  operation: string,
  input: Json,
  members: Json,
  { key = {}, steps }: { readonly key?: Json; readonly steps?: Steps } = {},
): RecordedAnswer {
  return {
    source,
    ask: async (aws) => {
      const { KeyId, Arn } = await aws.createKey(key);
      await steps?.(aws, KeyId);
      return { operation, input: { KeyId, ...input }, expected: { members: { KeyId: Arn, ...members } } };
    },
  };
}

const external = { Origin: "EXTERNAL" };
const pending = { Enabled: false, KeyState: "PendingImport", Origin: "EXTERNAL" };
const imported = { Origin: "EXTERNAL", ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" };
const noMaterial = { CurrentKeyMaterialId: undefined };
const ecKey = { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY", Origin: "EXTERNAL" };
const spec = (KeySpec: string, KeyUsage: string, algorithms: Json) => ({
  KeySpec,
  CustomerMasterKeySpec: KeySpec,
  KeyUsage,
  EncryptionAlgorithms: undefined,
  ...noMaterial,
  ...algorithms,
});
const ecMembers = spec("ECC_NIST_P256", "SIGN_VERIFY", { SigningAlgorithms: ["ECDSA_SHA_256"] });
const hmacKeys = [224, 256, 384, 512].map((bits) => ({
  key: { KeySpec: `HMAC_${bits}`, KeyUsage: "GENERATE_VERIFY_MAC" },
  members: spec(`HMAC_${bits}`, "GENERATE_VERIFY_MAC", { MacAlgorithms: [`HMAC_SHA_${bits}`] }),
}));

const importBytes =
  (material: () => Buffer, more: Json = {}): Steps =>
  (aws, KeyId) =>
    importMaterial(aws, KeyId, material(), { more });
const importSymmetric = importBytes(() => randomBytes(32));
const importHmac = importBytes(() => randomBytes(64));
const deleteMaterial: Steps = (aws, KeyId) => aws.ok("DeleteImportedKeyMaterial", { KeyId });
const first =
  (...steps: readonly Steps[]): Steps =>
  async (aws, KeyId) => {
    for (const step of steps) await step(aws, KeyId);
  };

const regions = ["us-east-1", "eu-west-1"] as const;

/** What a multi-Region key says about itself and its one replica. */
function multiRegion(Arn: string, type: string, replicas: boolean): Json {
  const [home, other] = regions;
  return {
    MultiRegion: true,
    MultiRegionConfiguration: {
      MultiRegionKeyType: type,
      PrimaryKey: { Arn, Region: home },
      ReplicaKeys: replicas ? [{ Arn: Arn.replace(home, other), Region: other }] : [],
    },
  };
}

function replicated(source: string, region: string, type: string, changes: Json): RecordedAnswer {
  return {
    source,
    ask: async (aws) => {
      const { KeyId, Arn } = await aws.createKey({ MultiRegion: true, Description: "test replicated key" });
      await aws.ok("ReplicateKey", { KeyId, ReplicaRegion: regions[1] });
      const own = Arn.replace(regions[0], region);
      const members = { KeyMetadata: metadata(KeyId, own, { ...multiRegion(Arn, type, true), ...changes }) };
      return { operation: "DescribeKey", input: { KeyId }, region, expected: { members } };
    },
  };
}

const tags = [
  { TagKey: "tag1", TagValue: "value1" },
  { TagKey: "tag2", TagValue: "value2" },
];

const encrypted = { CiphertextBlob: some.text, EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
const pair = { KeyPairSpec: "RSA_2048", PrivateKeyCiphertextBlob: some.text, PublicKey: some.text };
// Recordings of 2023 lack it; AWS's page names it since 2025, as Decrypt's recording of 2025 does.
const madeByMaterial = { KeyMaterialId: some.text };

/** Every response that was recorded, except of signing. */
export const recordedResponses: readonly RecordedAnswer[] = [
  described("create_key describe-key", {}, {}),
  ...hmacKeys.flatMap(({ key, members }) => [
    described(`hmac_create_key ${key.KeySpec}`, key, members),
    described(`import_key_hmac_keys[${key.KeySpec}] before`, { ...key, ...external }, { ...members, ...pending }),
    described(
      `import_key_hmac_keys[${key.KeySpec}] after`,
      { ...key, ...external },
      { ...members, ...imported },
      importHmac,
    ),
    described(
      `import_key_hmac_keys[${key.KeySpec}] deleted`,
      { ...key, ...external },
      { ...members, ...pending },
      first(importHmac, deleteMaterial),
    ),
  ]),
  described("import_key_symmetric describe-key-before-import", external, { ...pending, ...noMaterial }),
  described("import_key_symmetric describe-key-after-import", external, imported, importSymmetric),
  described(
    "import_key_symmetric describe-key-after-deleted-import",
    external,
    pending,
    first(importSymmetric, deleteMaterial),
  ),
  described("import_key_asymmetric describe-key-before-import", ecKey, { ...ecMembers, ...pending }),
  described(
    "import_key_asymmetric describe-key-after-import",
    ecKey,
    { ...ecMembers, ...imported },
    importBytes(newEcMaterial),
  ),
  described(
    "import_key_asymmetric describe-key-after-deleted-import",
    ecKey,
    { ...ecMembers, ...pending },
    first(importBytes(newEcMaterial), deleteMaterial),
  ),
  described(
    "import_key_rsa_aes_wrap_sha256 describe-before-import",
    { ...external, KeySpec: "RSA_4096", KeyUsage: "ENCRYPT_DECRYPT" },
    {
      ...spec("RSA_4096", "ENCRYPT_DECRYPT", { EncryptionAlgorithms: ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"] }),
      ...pending,
    },
  ),
  {
    source: "create_multi_region_key",
    ask: async (aws) => {
      const { KeyId, Arn } = await aws.createKey({ MultiRegion: true, Description: "test key 123" });
      const members = { KeyMetadata: metadata(KeyId, Arn, multiRegion(Arn, "PRIMARY", false)) };
      return { operation: "DescribeKey", input: { KeyId: Arn }, expected: { members } };
    },
  },
  replicated("replicate_key describe-key-from-region", regions[0], "PRIMARY", { Description: "test replicated key" }),
  replicated("replicate_key describe-replicated-key", regions[1], "REPLICA", { Description: "" }),
  {
    source: "replicate_key replicate-key",
    ask: async (aws) => {
      const { KeyId, Arn } = await aws.createKey({ MultiRegion: true, Description: "test replicated key" });
      const replica = Arn.replace(regions[0], regions[1]);
      const changes = { ...multiRegion(Arn, "REPLICA", true), Description: "" };
      const ReplicaKeyMetadata = metadata(KeyId, replica, changes);
      const members = { ReplicaKeyMetadata, ReplicaPolicy: some.text };
      return { operation: "ReplicateKey", input: { KeyId, ReplicaRegion: regions[1] }, expected: { members } };
    },
  },
  answered(
    "get_parameters_for_import",
    "GetParametersForImport",
    { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" },
    { ImportToken: some.text, ParametersValidTo: some.time, PublicKey: some.text },
    { key: external },
  ),
  answered("rotate_on_demand_returns_arn_for_key_id", "RotateKeyOnDemand", {}, {}),
  answered(
    "rotate_key_on_demand for an external key",
    "RotateKeyOnDemand",
    {},
    {},
    {
      key: external,
      steps: first(
        importSymmetric,
        importBytes(() => randomBytes(32), { ImportType: "NEW_KEY_MATERIAL" }),
      ),
    },
  ),
  answered(
    "rotation-status-response-after-rotation, automatic rotation disabled",
    "GetKeyRotationStatus",
    {},
    { KeyRotationEnabled: false },
    {
      steps: (aws, KeyId) => aws.ok("RotateKeyOnDemand", { KeyId }),
    },
  ),
  ...[90, 180, 365].map((RotationPeriodInDays) =>
    answered(
      `key_enable_rotation_status[${RotationPeriodInDays}]`,
      "GetKeyRotationStatus",
      {},
      { KeyRotationEnabled: true, NextRotationDate: some.time, RotationPeriodInDays },
      { steps: (aws, KeyId) => aws.call("EnableKeyRotation", { KeyId, RotationPeriodInDays }) },
    ),
  ),
  answered("encrypt_response", "Encrypt", { Plaintext: base64("x") }, encrypted),
  {
    source: "decrypt_response_with_encryption_context",
    ask: async (aws) => {
      const { KeyId, Arn, CurrentKeyMaterialId: KeyMaterialId } = await aws.createKey();
      const EncryptionContext = { "context-key": "context-value" };
      const CiphertextBlob = await aws.encrypt(KeyId, "x", { EncryptionContext });
      const members = { KeyId: Arn, KeyMaterialId, Plaintext: base64("x"), EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
      return { operation: "Decrypt", input: { KeyId, CiphertextBlob, EncryptionContext }, expected: { members } };
    },
  },
  answered(
    "generate_data_key",
    "GenerateDataKey",
    { KeySpec: "AES_256" },
    { CiphertextBlob: some.text, Plaintext: some.text, ...madeByMaterial },
  ),
  answered(
    "generate_data_key_without_plaintext",
    "GenerateDataKeyWithoutPlaintext",
    { KeySpec: "AES_256" },
    { CiphertextBlob: some.text, ...madeByMaterial },
  ),
  answered(
    "generate_data_key_pair",
    "GenerateDataKeyPair",
    { KeyPairSpec: "RSA_2048" },
    { ...pair, PrivateKeyPlaintext: some.text, ...madeByMaterial },
  ),
  answered(
    "generate_data_key_pair_without_plaintext",
    "GenerateDataKeyPairWithoutPlaintext",
    { KeyPairSpec: "RSA_2048" },
    { ...pair, ...madeByMaterial },
  ),
  ...(
    [
      ["SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT"],
      ["RSA_2048", "RSAES_OAEP_SHA_256"],
    ] as const
  ).map(([KeySpec, algorithm]) => reEncrypted(KeySpec, algorithm)),
  {
    source: "derive_shared_secret response",
    ask: async (aws) => {
      const key = { KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" };
      const { KeyId, Arn } = await aws.createKey(key);
      const { PublicKey } = await aws.ok("GetPublicKey", { KeyId: (await aws.createKey(key)).KeyId });
      const members = { KeyId: Arn, KeyAgreementAlgorithm: "ECDH", KeyOrigin: "AWS_KMS", SharedSecret: some.text };
      const input = { KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey };
      return { operation: "DeriveSharedSecret", input, expected: { members } };
    },
  },
  {
    source: "tag_existing_key_and_untag list-resource-tags",
    ask: async (aws) => {
      const { KeyId } = await aws.createKey({ Tags: tags });
      return {
        operation: "ListResourceTags",
        input: { KeyId },
        expected: { members: { Tags: tags, Truncated: false } },
      };
    },
  },
  {
    source: "tag_existing_key_and_untag list-resource-tags-after-all-untagged",
    ask: async (aws) => {
      const { KeyId } = await aws.createKey({ Tags: tags });
      await aws.call("UntagResource", { KeyId, TagKeys: ["tag1", "tag2"] });
      return { operation: "ListResourceTags", input: { KeyId }, expected: { members: { Tags: [], Truncated: false } } };
    },
  },
];

function reEncrypted(KeySpec: string, algorithm: string): RecordedAnswer {
  return {
    source: `re_encrypt[${KeySpec}-${algorithm}]`,
    ask: async (aws) => {
      const source = await aws.createKey({ KeySpec, KeyUsage: "ENCRYPT_DECRYPT" });
      const target = await aws.createKey({ KeySpec, KeyUsage: "ENCRYPT_DECRYPT" });
      const algorithms = { SourceEncryptionAlgorithm: algorithm, DestinationEncryptionAlgorithm: algorithm };
      const materials = { SourceKeyMaterialId: some.text, DestinationKeyMaterialId: some.text };
      const CiphertextBlob = await aws.encrypt(source.KeyId, "x", { EncryptionAlgorithm: algorithm });
      const input = { SourceKeyId: source.KeyId, DestinationKeyId: target.KeyId, CiphertextBlob, ...algorithms };
      const members = { CiphertextBlob: some.text, KeyId: target.Arn, SourceKeyId: source.Arn, ...algorithms };
      if (KeySpec === "SYMMETRIC_DEFAULT") Object.assign(members, materials);
      return { operation: "ReEncrypt", input, expected: { members } };
    },
  };
}

/** PKCS#8 of a new pair on P-256, to import. */
function newEcMaterial(): Buffer {
  return generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { format: "der", type: "pkcs8" },
    publicKeyEncoding: { format: "der", type: "spki" },
  }).privateKey;
}
