import { randomBytes } from "node:crypto";
import { type AwsTest, base64, type Json } from "./aws-client.ts";
import { importMaterial, importRequest } from "./import-client.ts";
import {
  type Ask,
  ofKey,
  plain,
  type RecordedAnswer,
  type RecordedError,
  type RequestExpectation,
  text,
  validationError,
} from "./recorded-request.ts";
import { verifyMac } from "./recorded-signing.ts";

const uuid = "1234abcd-12ab-34cd-56ef-1234567890ab";
const enumError = (value: string, member: string, values: string): RecordedError => ({
  type: "ValidationException",
  message: `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must satisfy enum value set: [${values}]`,
});

const invalidKeyUsage = (usage: string, operation: string) => (arn: string) => ({
  type: "InvalidKeyUsageException",
  message: `${arn} key usage is ${usage} which is not valid for ${operation}.`,
});

const rsa = { KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" };
const agreement = { KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" };
const hmac256 = { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" };
const wrapping = { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_4096" };

async function publicKeyOfOther(aws: AwsTest): Promise<unknown> {
  const { KeyId } = await aws.createKey(agreement);
  return (await aws.ok("GetPublicKey", { KeyId })).PublicKey;
}

const derive =
  (key: Json, changes: Json, expected: (arn: string) => RequestExpectation): Ask =>
  async (aws) => {
    const input = { KeyAgreementAlgorithm: "ECDH", PublicKey: await publicKeyOfOther(aws), ...changes };
    return ofKey(key, "DeriveSharedSecret", input, expected)(aws);
  };

/** RSA's room by algorithm: k - 2 hash - 2 bytes. */
const oaepRows: readonly [algorithm: string, spec: string, bytes: number][] = [
  ["RSAES_OAEP_SHA_1", "RSA_2048", 214],
  ["RSAES_OAEP_SHA_256", "RSA_2048", 190],
  ["RSAES_OAEP_SHA_1", "RSA_3072", 342],
  ["RSAES_OAEP_SHA_256", "RSA_3072", 318],
  ["RSAES_OAEP_SHA_1", "RSA_4096", 470],
  ["RSAES_OAEP_SHA_256", "RSA_4096", 446],
];

const hmacMade = { Message: text, MacAlgorithm: "HMAC_SHA_256" };
const macEnum = enumError("INVALID", "macAlgorithm", "HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512");
const incorrectKey = {
  type: "IncorrectKeyException",
  message: "The key ID in the request does not identify a CMK that can perform this operation.",
};

const pendingImport = (arn: string) => ({ type: "KMSInvalidStateException", message: `${arn} is pending import.` });
const originRefused = (origin: string) => (arn: string) => ({
  type: "UnsupportedOperationException",
  message: `${arn} origin is ${origin} which is not valid for this operation.`,
});

const tagError = (message: string) => ({ type: "TagException", message });
const tag = (TagKey: string, TagValue = "value1") => ({ TagKey, TagValue });
const reserved = tagError("Tags beginning with aws: are reserved");

/** Every error that was recorded. */
export const recordedErrors: readonly RecordedAnswer[] = [
  {
    source: "generate_random_invalid_number_of_bytes[None]",
    ask: plain("GenerateRandom", {}, validationError("NumberOfBytes is required.")),
  },
  ...(
    [
      [0, "greater than or equal to 1"],
      [1025, "less than or equal to 1024"],
    ] as const
  ).map(([NumberOfBytes, bound]) => ({
    source: `generate_random_invalid_number_of_bytes[${NumberOfBytes}]`,
    ask: plain(
      "GenerateRandom",
      { NumberOfBytes },
      validationError(
        `1 validation error detected: Value '${NumberOfBytes}' at 'numberOfBytes' failed to satisfy constraint: Member must have value ${bound}`,
      ),
    ),
  })),
  ...oaepRows.map(([EncryptionAlgorithm, KeySpec, bytes]) => ({
    source: `encrypt_validate_plaintext_size_per_key_type[${KeySpec}-${EncryptionAlgorithm}]`,
    ask: ofKey(
      { KeySpec, KeyUsage: "ENCRYPT_DECRYPT" },
      "Encrypt",
      { EncryptionAlgorithm, Plaintext: Buffer.alloc(bytes + 1).toString("base64") },
      () =>
        validationError(
          `Algorithm ${EncryptionAlgorithm} and key spec ${KeySpec} cannot encrypt data larger than ${bytes} bytes.`,
        ),
    ),
  })),
  {
    source: "get_key_in_different_region describe-key-diff-region-with-id",
    ask: async (aws) => {
      const { KeyId, Arn } = await aws.createKey();
      const message = `Key '${Arn.replace("us-east-1", "eu-west-1")}' does not exist`;
      const expected = { type: "NotFoundException", message };
      return { operation: "DescribeKey", input: { KeyId }, region: "eu-west-1", expected };
    },
  },
  {
    source: "get_key_in_different_region describe-key-diff-region-with-arn",
    ask: async (aws) => {
      const { Arn } = await aws.createKey();
      const expected = { type: "NotFoundException", message: "Invalid arn us-east-1" };
      return { operation: "DescribeKey", input: { KeyId: Arn }, region: "eu-west-1", expected };
    },
  },
  ...[uuid, `mrk-${uuid.replaceAll("-", "")}`].flatMap((id) => {
    const arn = `arn:aws:kms:us-east-1:000000000000:key/${id}`;
    const expected = { type: "NotFoundException", message: `Key '${arn}' does not exist` };
    return [id, arn].map((KeyId) => ({
      source: `get_key_does_not_exist ${KeyId}`,
      ask: plain("DescribeKey", { KeyId }, expected),
    }));
  }),
  ...["fake-key-id", "134f2428cec14b25a1ae9048164dba47", "mrk-fake-key-id"].map((KeyId) => ({
    source: `get_key_invalid_uuid ${KeyId}`,
    ask: plain("DescribeKey", { KeyId }, { type: "NotFoundException", message: `Invalid keyId '${KeyId}'` }),
  })),
  {
    source: "create_alias",
    ask: plain(
      "CreateAlias",
      { AliasName: "0a1b2c3d", TargetKeyId: uuid },
      validationError(
        'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
      ),
    ),
  },
  {
    source: "hmac_create_key_invalid_operations create-hmac-key-without-key-usage",
    ask: plain(
      "CreateKey",
      { KeySpec: "HMAC_256" },
      validationError("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."),
    ),
  },
  {
    source: "hmac_create_key_invalid_operations create-hmac-key-invalid-spec",
    ask: plain(
      "CreateKey",
      { KeySpec: "HMAC_random" },
      enumError(
        "HMAC_random",
        "keySpec",
        "RSA_2048, ECC_NIST_P384, ECC_NIST_P256, ECC_NIST_P521, HMAC_384, RSA_3072, ECC_SECG_P256K1, RSA_4096, SYMMETRIC_DEFAULT, HMAC_256, HMAC_224, HMAC_512",
      ),
    ),
  },
  {
    source: "hmac_create_key_invalid_operations create-hmac-key-invalid-key-usage",
    ask: plain(
      "CreateKey",
      { KeySpec: "HMAC_256", KeyUsage: "RANDOM" },
      enumError("RANDOM", "keyUsage", "ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC"),
    ),
  },
  {
    source: "invalid_generate_mac[HMAC_224-HMAC_SHA_256]",
    ask: ofKey({ ...hmac256, KeySpec: "HMAC_224" }, "GenerateMac", hmacMade, () => ({
      type: "InvalidKeyUsageException",
      message: "Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224.",
    })),
  },
  {
    source: "invalid_generate_mac[HMAC_256-INVALID]",
    ask: ofKey(hmac256, "GenerateMac", { ...hmacMade, MacAlgorithm: "INVALID" }, () => macEnum),
  },
  {
    source: "invalid_verify_mac[some different important message]",
    ask: verifyMac(hmac256, hmacMade, { Message: base64("some different important message") }, () => ({
      type: "KMSInvalidMacException",
    })),
  },
  {
    source: "invalid_verify_mac[HMAC_SHA_512]",
    ask: verifyMac(hmac256, hmacMade, { MacAlgorithm: "HMAC_SHA_512" }, () => ({
      type: "InvalidKeyUsageException",
      message: "Algorithm HMAC_SHA_512 is incompatible with key spec HMAC_256.",
    })),
  },
  {
    source: "invalid_verify_mac[INVALID]",
    ask: verifyMac(hmac256, hmacMade, { MacAlgorithm: "INVALID" }, () => macEnum),
  },
  {
    source: "error_messaging_for_invalid_keys generate-mac-invalid-key-id",
    ask: ofKey({}, "GenerateMac", hmacMade, invalidKeyUsage("ENCRYPT_DECRYPT", "GenerateMac")),
  },
  {
    source: "error_messaging_for_invalid_keys sign-invalid-key-id",
    ask: ofKey(
      hmac256,
      "Sign",
      { MessageType: "RAW", Message: text, SigningAlgorithm: "RSASSA_PSS_SHA_256" },
      invalidKeyUsage("GENERATE_VERIFY_MAC", "Sign"),
    ),
  },
  {
    source: "error_messaging_for_invalid_keys verify-invalid-key-id",
    ask: ofKey(
      {},
      "Verify",
      { MessageType: "RAW", Message: text, Signature: text, SigningAlgorithm: "ECDSA_SHA_256" },
      invalidKeyUsage("ENCRYPT_DECRYPT", "Verify"),
    ),
  },
  {
    source: "error_messaging_for_invalid_keys encrypt-invalid-key-id",
    ask: ofKey(rsa, "Encrypt", { Plaintext: text }, invalidKeyUsage("SIGN_VERIFY", "Encrypt")),
  },
  {
    source: "error_messaging_for_invalid_keys decrypt-invalid-key-id",
    ask: async (aws) => {
      const CiphertextBlob = await aws.encrypt((await aws.createKey()).KeyId, "x");
      return ofKey(hmac256, "Decrypt", { CiphertextBlob }, () => incorrectKey)(aws);
    },
  },
  {
    source: "re_encrypt_incorrect_source_key incorrect-source-key",
    ask: async (aws) => {
      const CiphertextBlob = await aws.encrypt((await aws.createKey()).KeyId, "x");
      const { KeyId } = await aws.createKey(hmac256);
      const algorithms = {
        SourceEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
        DestinationEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      };
      const input = { SourceKeyId: KeyId, DestinationKeyId: KeyId, CiphertextBlob, ...algorithms };
      return { operation: "ReEncrypt", input, expected: incorrectKey };
    },
  },
  {
    source: "plaintext_size_for_encrypt invalid-plaintext-size-encrypt",
    ask: ofKey({}, "Encrypt", { Plaintext: Buffer.alloc(4300).toString("base64") }, () =>
      validationError(
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
      ),
    ),
  },
  ...[
    ["without_encryption_context", (blob: Buffer) => ({ CiphertextBlob: blob.toString("base64") })],
    ["invalid_ciphertext", (blob: Buffer) => ({ CiphertextBlob: blob.subarray(37).toString("base64") })],
    [
      "bad-ciphertext",
      (blob: Buffer) => ({ CiphertextBlob: Buffer.concat([blob, Buffer.from("bad_data")]).toString("base64") }),
    ],
  ].map(([name, spoil]) => ({
    source: `encrypt_decrypt_encryption_context ${name}`,
    ask: decryptSpoilt(spoil as Spoil),
  })),
  ...["GenerateDataKey", "GenerateDataKeyPair"].flatMap((operation) =>
    ["", "WithoutPlaintext"].map((end) => ({
      source: `encryption_context ${operation}${end} decrypt-without-encryption-context`,
      ask: decryptDataKey(operation, `${operation}${end}`),
    })),
  ),
  {
    source: "get_parameters_for_import response-error",
    ask: ofKey({}, "GetParametersForImport", wrapping, originRefused("AWS_KMS")),
  },
  {
    source: "derive_shared_secret response-invalid-key-usage",
    ask: derive({ ...agreement, KeyUsage: "SIGN_VERIFY" }, {}, invalidKeyUsage("SIGN_VERIFY", "DeriveSharedSecret")),
  },
  {
    source: "derive_shared_secret response-invalid-key",
    ask: derive({}, {}, invalidKeyUsage("ENCRYPT_DECRYPT", "DeriveSharedSecret")),
  },
  {
    source: "derive_shared_secret response-invalid-key-spec",
    ask: plain(
      "CreateKey",
      { KeySpec: "RSA_2048", KeyUsage: "KEY_AGREEMENT" },
      validationError("KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048"),
    ),
  },
  {
    source: "derive_shared_secret response-invalid-key-agreement-algo",
    ask: derive(agreement, { KeyAgreementAlgorithm: "INVALID" }, () =>
      enumError("INVALID", "keyAgreementAlgorithm", "ECDH"),
    ),
  },
  {
    source: "derive_shared_secret response-invalid-public-key",
    ask: derive(agreement, { PublicKey: base64("InvalidPublicKey") }, () => ({ type: "ValidationException" })),
  },
  {
    source: "tag_key_with_duplicate_tag_keys_raises_error",
    ask: ofKey({}, "TagResource", { Tags: [tag("tag1"), tag("tag1", "another")] }, () =>
      tagError("Duplicate tag keys"),
    ),
  },
  {
    source: "create_key_with_too_many_tags_raises_error",
    ask: plain("CreateKey", { Tags: Array.from({ length: 51 }, (_, i) => tag(`key${i}`)) }, tagError("Too many tags")),
  },
  {
    source: "tag_existing_key_with_invalid_tag_key",
    ask: ofKey({}, "TagResource", { Tags: [tag("aws:key1")] }, () => reserved),
  },
  ...["aws:key1", "AWS:key1"].map((TagKey) => ({
    source: `create_key_with_invalid_tag_key ${TagKey}`,
    ask: plain("CreateKey", { Tags: [tag(TagKey)] }, reserved),
  })),
  ...(
    [
      ["tagKey", 128, tag("a".repeat(129)), "a"],
      ["tagValue", 256, tag("tag1", "v".repeat(257)), "v"],
    ] as const
  ).map(([member, most, given, letter]) => ({
    source: `too long: ${member}`,
    ask: plain(
      "CreateKey",
      { Tags: [given] },
      validationError(
        `1 validation error detected: Value '${letter.repeat(most + 1)}' at 'tags.1.member.${member}' failed to satisfy constraint: Member must have length less than or equal to ${most}`,
      ),
    ),
  })),
  {
    source: "rotate_key_on_demand_raises_error_given_key_is_disabled",
    ask: ofKey(
      { KeySpec: "RSA_4096", KeyUsage: "ENCRYPT_DECRYPT" },
      "RotateKeyOnDemand",
      {},
      (arn) => ({ type: "DisabledException", message: `${arn} is disabled.` }),
      (aws, KeyId) => aws.call("DisableKey", { KeyId }),
    ),
  },
  {
    source: "rotate_key_on_demand_raises_error_given_key_that_does_not_exist",
    ask: plain(
      "RotateKeyOnDemand",
      { KeyId: uuid },
      { type: "NotFoundException", message: `Key 'arn:aws:kms:us-east-1:000000000000:key/${uuid}' does not exist` },
    ),
  },
  {
    source: "rotate_key_on_demand_raises_error_given_non_symmetric_key",
    ask: ofKey({ KeySpec: "RSA_4096", KeyUsage: "ENCRYPT_DECRYPT" }, "RotateKeyOnDemand", {}, () => ({
      type: "UnsupportedOperationException",
    })),
  },
  ...["SYMMETRIC_DEFAULT", "RSA_4096"].map((KeySpec) => ({
    source: `rotate_key_on_demand_on_external_key_with_no_key_material[${KeySpec}]`,
    ask: ofKey({ Origin: "EXTERNAL", KeySpec, KeyUsage: "ENCRYPT_DECRYPT" }, "RotateKeyOnDemand", {}, pendingImport),
  })),
  {
    source: "rotate_key_on_demand_raises_for_no_pending_key_material",
    ask: ofKey(
      { Origin: "EXTERNAL" },
      "RotateKeyOnDemand",
      {},
      (arn) => ({
        type: "KMSInvalidStateException",
        message: `No available key material pending rotation for the key: ${arn}.`,
      }),
      (aws, KeyId) => importMaterial(aws, KeyId, randomBytes(32)),
    ),
  },
  {
    source: "key_rotations_limits",
    ask: ofKey(
      {},
      "RotateKeyOnDemand",
      {},
      (arn) => ({
        type: "LimitExceededException",
        message: `The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${arn}`,
      }),
      async (aws, KeyId) => {
        for (let i = 0; i < 25; i++) await aws.ok("RotateKeyOnDemand", { KeyId });
      },
    ),
  },
  ...["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"].map((operation) => ({
    source: `${operation} dryrun_exception`,
    ask: ofKey({}, operation, { KeyPairSpec: "RSA_2048", DryRun: true }, () => ({
      type: "DryRunOperationException",
      message: "The request would have succeeded, but the DryRun option is set.",
    })),
  })),
  {
    source: "replicate_replica_key_should_fail",
    ask: async (aws) => {
      const { KeyId, Arn } = await aws.createKey({ MultiRegion: true });
      await aws.ok("ReplicateKey", { KeyId, ReplicaRegion: "eu-west-1" });
      const message = `${Arn.replace("us-east-1", "eu-west-1")} is not a multi-region primary key.`;
      const expected = { type: "UnsupportedOperationException", message };
      return {
        operation: "ReplicateKey",
        input: { KeyId, ReplicaRegion: "ap-southeast-1" },
        region: "eu-west-1",
        expected,
      };
    },
  },
  {
    source: "import_key_symmetric encrypt-before-import-error",
    ask: ofKey({ Origin: "EXTERNAL" }, "Encrypt", { Plaintext: text }, pendingImport),
  },
  {
    source: "import_key_symmetric encrypt-after-delete-error",
    ask: ofKey({ Origin: "EXTERNAL" }, "Encrypt", { Plaintext: text }, pendingImport, async (aws, KeyId) => {
      await importMaterial(aws, KeyId, randomBytes(32));
      await aws.ok("DeleteImportedKeyMaterial", { KeyId });
    }),
  },
  {
    source: "import_key_symmetric import-expiring-key-without-valid-to",
    ask: async (aws) => {
      const { KeyId } = await aws.createKey({ Origin: "EXTERNAL" });
      const more = { ExpirationModel: undefined };
      const input = await importRequest(aws, KeyId, randomBytes(32), { more });
      const expected = validationError("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES");
      return { operation: "ImportKeyMaterial", input, expected };
    },
  },
];

type Spoil = (blob: Buffer) => Json;

function decryptSpoilt(spoil: Spoil): Ask {
  return async (aws) => {
    const { KeyId } = await aws.createKey();
    const blob = await aws.encrypt(KeyId, "x", { EncryptionContext: { "context-key": "context-value" } });
    const input = { KeyId, EncryptionAlgorithm: "SYMMETRIC_DEFAULT", ...spoil(Buffer.from(blob, "base64")) };
    return { operation: "Decrypt", input, expected: { type: "InvalidCiphertextException" } };
  };
}

function decryptDataKey(kind: string, operation: string): Ask {
  return async (aws) => {
    const { KeyId } = await aws.createKey();
    const spec = kind === "GenerateDataKey" ? { KeySpec: "AES_256" } : { KeyPairSpec: "ECC_NIST_P256" };
    const { json } = await aws.call(operation, { KeyId, ...spec, EncryptionContext: { key: "value" } });
    const CiphertextBlob = json["CiphertextBlob"] ?? json["PrivateKeyCiphertextBlob"];
    return { operation: "Decrypt", input: { KeyId, CiphertextBlob }, expected: { type: "InvalidCiphertextException" } };
  };
}
