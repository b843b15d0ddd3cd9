import { constants, createPublicKey, publicEncrypt } from "node:crypto";
import type { OperationName } from "../src/kms/codec.ts";
import { type AwsTest, base64, type Json } from "./aws-client.ts";

/** A key that a request is about, while it is enabled. */
export interface Subject {
  readonly KeyId: string;
  readonly Arn: string;
  /** It has material, and works. */
  readonly hasMaterial: boolean;
  /** Its material is imported. */
  readonly isExternal: boolean;
}

/** An operation that takes a key: what kind of key, and a request about it that succeeds while the key is enabled. */
export interface KeyRequest {
  /** Input of CreateKey. */
  readonly key: Json;
  /** The request needs what only a key with material gives. */
  readonly needsMaterial?: true;
  /** Not asked for when there is nothing but the key to name. */
  readonly request?: (aws: AwsTest, subject: Subject) => Json | Promise<Json>;
}

const symmetric = {};
const signing = { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" };
const mac = { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" };
const agreement = { KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" };
const encapsulation = { KeySpec: "ML_KEM_512", KeyUsage: "ENCAPSULATE_DECAPSULATE" };
const multiRegion = { MultiRegion: true };
const external = { Origin: "EXTERNAL" };

const named = ({ KeyId }: Subject): Json => ({ KeyId });
const message = { Message: base64("x"), SigningAlgorithm: "ECDSA_SHA_256" };
const macMessage = { Message: base64("x"), MacAlgorithm: "HMAC_SHA_256" };

let names = 0;
/** An alias that no key has. */
function newAlias(): string {
  names += 1;
  return `alias/name-${names}`;
}

async function newGrant(aws: AwsTest, { KeyId }: Subject): Promise<unknown> {
  const grant = { KeyId, GranteePrincipal: "arn:aws:iam::000000000000:root", Operations: ["Decrypt"] };
  return (await aws.ok("CreateGrant", grant)).GrantId;
}

/** The request that imports new material into a key which waits for it. */
export async function importRequest(aws: AwsTest, KeyId: string, material: Uint8Array): Promise<Json> {
  const wrapping = { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" };
  const { ImportToken, PublicKey } = await aws.ok("GetParametersForImport", { KeyId, ...wrapping });
  const der = { key: Buffer.from(String(PublicKey), "base64"), format: "der", type: "spki" } as const;
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  const wrapped = publicEncrypt({ key: createPublicKey(der), ...padding }, material);
  const EncryptedKeyMaterial = wrapped.toString("base64");
  return { KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" };
}

export const importedMaterial = Buffer.alloc(32, 7);

/** Every operation of the model that takes a key. */
export const keyRequests: ReadonlyMap<OperationName, KeyRequest> = new Map<OperationName, KeyRequest>([
  ["CancelKeyDeletion", { key: symmetric }],
  ["CreateAlias", { key: symmetric, request: (_, { KeyId }) => ({ AliasName: newAlias(), TargetKeyId: KeyId }) }],
  [
    "CreateGrant",
    {
      key: symmetric,
      request: (_, { KeyId }) => ({
        KeyId,
        GranteePrincipal: "arn:aws:iam::000000000000:root",
        Operations: ["Decrypt"],
      }),
    },
  ],
  [
    "Decapsulate",
    {
      key: encapsulation,
      async request(aws, { KeyId }) {
        const input = { KeyId, EncapsulationAlgorithm: "ML_KEM" };
        const { json } = await aws.call("Encapsulate", input);
        const SharedSecretCiphertextBlob = json.SharedSecretCiphertextBlob ?? base64("x");
        return { ...input, SharedSecretCiphertextBlob };
      },
    },
  ],
  [
    "Decrypt",
    {
      key: symmetric,
      needsMaterial: true,
      request: async (aws, { KeyId }) => ({ CiphertextBlob: await aws.encrypt(KeyId, "x") }),
    },
  ],
  [
    "DeleteAlias",
    {
      key: symmetric,
      async request(aws, { KeyId }) {
        const AliasName = newAlias();
        await aws.ok("CreateAlias", { AliasName, TargetKeyId: KeyId });
        return { AliasName };
      },
    },
  ],
  ["DeleteImportedKeyMaterial", { key: external }],
  [
    "DeriveSharedSecret",
    {
      key: agreement,
      async request(aws, { KeyId }) {
        const { PublicKey } = await aws.ok("GetPublicKey", { KeyId: (await aws.createKey(agreement)).KeyId });
        return { KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey };
      },
    },
  ],
  ["DescribeKey", { key: symmetric }],
  ["DisableKey", { key: symmetric }],
  ["DisableKeyRotation", { key: symmetric }],
  ["EnableKey", { key: symmetric }],
  ["EnableKeyRotation", { key: symmetric }],
  ["Encapsulate", { key: encapsulation, request: (_, { KeyId }) => ({ KeyId, EncapsulationAlgorithm: "ML_KEM" }) }],
  ["Encrypt", { key: symmetric, request: (_, { KeyId }) => ({ KeyId, Plaintext: base64("x") }) }],
  ["GenerateDataKey", { key: symmetric, request: (_, { KeyId }) => ({ KeyId, KeySpec: "AES_256" }) }],
  ["GenerateDataKeyPair", { key: symmetric, request: (_, { KeyId }) => ({ KeyId, KeyPairSpec: "ECC_NIST_P256" }) }],
  [
    "GenerateDataKeyPairWithoutPlaintext",
    { key: symmetric, request: (_, { KeyId }) => ({ KeyId, KeyPairSpec: "ECC_NIST_P256" }) },
  ],
  ["GenerateDataKeyWithoutPlaintext", { key: symmetric, request: (_, { KeyId }) => ({ KeyId, KeySpec: "AES_256" }) }],
  ["GenerateMac", { key: mac, request: (_, { KeyId }) => ({ KeyId, ...macMessage }) }],
  ["GetKeyLastUsage", { key: symmetric }],
  ["GetKeyPolicy", { key: symmetric }],
  ["GetKeyRotationStatus", { key: symmetric }],
  [
    "GetParametersForImport",
    {
      key: external,
      request: (_, { KeyId }) => ({ KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" }),
    },
  ],
  ["GetPublicKey", { key: signing }],
  [
    "ImportKeyMaterial",
    {
      key: external,
      request: (aws, { KeyId, isExternal }) =>
        isExternal
          ? importRequest(aws, KeyId, importedMaterial)
          : { KeyId, ImportToken: base64("x"), EncryptedKeyMaterial: base64("x") },
    },
  ],
  ["ListAliases", { key: symmetric }],
  ["ListGrants", { key: symmetric }],
  ["ListKeyPolicies", { key: symmetric }],
  ["ListKeyRotations", { key: symmetric }],
  ["ListResourceTags", { key: symmetric }],
  [
    "PutKeyPolicy",
    {
      key: symmetric,
      request: async (aws, { KeyId }) => ({ KeyId, Policy: (await aws.ok("GetKeyPolicy", { KeyId })).Policy }),
    },
  ],
  [
    "ReEncrypt",
    {
      key: symmetric,
      needsMaterial: true,
      request: async (aws, { KeyId }) => ({
        CiphertextBlob: await aws.encrypt(KeyId, "x"),
        DestinationKeyId: (await aws.createKey()).KeyId,
      }),
    },
  ],
  ["ReplicateKey", { key: multiRegion, request: (_, { KeyId }) => ({ KeyId, ReplicaRegion: "ap-south-1" }) }],
  [
    "RetireGrant",
    {
      key: symmetric,
      needsMaterial: true,
      request: async (aws, key) => ({ KeyId: key.Arn, GrantId: await newGrant(aws, key) }),
    },
  ],
  [
    "RevokeGrant",
    {
      key: symmetric,
      needsMaterial: true,
      request: async (aws, key) => ({ ...named(key), GrantId: await newGrant(aws, key) }),
    },
  ],
  ["RotateKeyOnDemand", { key: symmetric }],
  ["ScheduleKeyDeletion", { key: symmetric }],
  ["Sign", { key: signing, request: (_, { KeyId }) => ({ KeyId, ...message }) }],
  ["TagResource", { key: symmetric, request: (_, { KeyId }) => ({ KeyId, Tags: [{ TagKey: "a", TagValue: "b" }] }) }],
  ["UntagResource", { key: symmetric, request: (_, { KeyId }) => ({ KeyId, TagKeys: ["a"] }) }],
  [
    "UpdateAlias",
    {
      key: symmetric,
      async request(aws, { KeyId }) {
        const AliasName = newAlias();
        const { KeyId: TargetKeyId } = await aws.createKey();
        await aws.ok("CreateAlias", { AliasName, TargetKeyId });
        return { AliasName, TargetKeyId: KeyId };
      },
    },
  ],
  ["UpdateKeyDescription", { key: symmetric, request: (_, { KeyId }) => ({ KeyId, Description: "x" }) }],
  [
    "UpdatePrimaryRegion",
    {
      key: multiRegion,
      async request(aws, { KeyId, hasMaterial }) {
        if (hasMaterial) await aws.call("ReplicateKey", { KeyId, ReplicaRegion: "ca-west-1" });
        return { KeyId, PrimaryRegion: "ca-west-1" };
      },
    },
  ],
  [
    "Verify",
    {
      key: signing,
      async request(aws, { KeyId, hasMaterial }) {
        const input = { KeyId, ...message };
        return { ...input, Signature: hasMaterial ? (await aws.ok("Sign", input)).Signature : base64("x") };
      },
    },
  ],
  [
    "VerifyMac",
    {
      key: mac,
      async request(aws, { KeyId, hasMaterial }) {
        const input = { KeyId, ...macMessage };
        return { ...input, Mac: hasMaterial ? (await aws.ok("GenerateMac", input)).Mac : base64("x") };
      },
    },
  ],
]);

/** The operations of the model that take no key that there is. */
export const withoutKey: ReadonlySet<OperationName> = new Set<OperationName>([
  "ConnectCustomKeyStore",
  "CreateCustomKeyStore",
  "CreateKey",
  "DeleteCustomKeyStore",
  "DescribeCustomKeyStores",
  "DisconnectCustomKeyStore",
  "GenerateRandom",
  "ListKeys",
  "ListRetirableGrants",
  "UpdateCustomKeyStore",
]);

/** The request of an operation about a key. */
export async function requestOf(
  aws: AwsTest,
  { request = (_, key) => named(key) }: KeyRequest,
  subject: Subject,
): Promise<Json> {
  return request(aws, subject);
}
