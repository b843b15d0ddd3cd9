import { createHash, randomBytes } from "node:crypto";
import { after } from "node:test";
import { LoopbackProxy } from "@coffer/testkit";
import type { OperationName } from "../src/kms/codec.ts";
import { type AwsTest, base64, type Json } from "./aws-client.ts";
import { importRequest } from "./import-client.ts";

type Example = (aws: AwsTest) => Promise<Json>;

async function keyOf(aws: AwsTest, KeySpec: string, KeyUsage: string): Promise<{ readonly KeyId: string }> {
  return { KeyId: (await aws.createKey({ KeySpec, KeyUsage })).KeyId };
}

/** A proxy that is always well, for all examples. */
let proxy: LoopbackProxy | undefined;
after(() => proxy?.close());

const health = JSON.stringify({
  xksProxyFleetSize: 1,
  xksProxyVendor: "test",
  xksProxyModel: "test",
  ekmVendor: "test",
  ekmFleetDetails: [{ id: "1", model: "test", healthStatus: "ACTIVE" }],
});

async function newKeyStore(): Promise<Json> {
  proxy ??= await LoopbackProxy.start(() => Promise.resolve({ status: 200, headers: {}, body: health }));
  return {
    CustomKeyStoreName: "cellar",
    CustomKeyStoreType: "EXTERNAL_KEY_STORE",
    XksProxyConnectivity: "PUBLIC_ENDPOINT",
    XksProxyUriEndpoint: proxy.endpoint,
    XksProxyUriPath: "/kms/xks/v1",
    XksProxyAuthenticationCredential: { AccessKeyId: "A".repeat(20), RawSecretAccessKey: "x".repeat(43) },
  };
}

/** The one custom key store of these tests, made where there is none. */
async function keyStoreOf(aws: AwsTest): Promise<{ readonly CustomKeyStoreId: unknown }> {
  const { CustomKeyStores } = await aws.ok("DescribeCustomKeyStores", {});
  const [found] = CustomKeyStores as readonly { readonly CustomKeyStoreId: unknown }[];
  if (found !== undefined) return { CustomKeyStoreId: found.CustomKeyStoreId };
  const { CustomKeyStoreId } = await aws.ok("CreateCustomKeyStore", await newKeyStore());
  return { CustomKeyStoreId };
}

const digest = createHash("sha256").update("x").digest("base64");

/** A request that succeeds, for each operation that random members seldom agree on. */
export const examples: ReadonlyMap<OperationName, Example> = new Map<OperationName, Example>([
  [
    "CreateCustomKeyStore",
    async () => ({ ...(await newKeyStore()), CustomKeyStoreName: "new", XksProxyUriPath: "/new/kms/xks/v1" }),
  ],
  ["ConnectCustomKeyStore", keyStoreOf],
  [
    "DisconnectCustomKeyStore",
    async (aws) => {
      const keyStore = await keyStoreOf(aws);
      await aws.ok("ConnectCustomKeyStore", keyStore);
      return keyStore;
    },
  ],
  ["UpdateCustomKeyStore", async (aws) => ({ ...(await keyStoreOf(aws)), NewCustomKeyStoreName: "attic" })],
  [
    "DeleteCustomKeyStore",
    async (aws) => {
      const keyStore = await keyStoreOf(aws);
      await aws.call("DisconnectCustomKeyStore", keyStore);
      return keyStore;
    },
  ],
  [
    "Sign",
    async (aws) => ({
      ...(await keyOf(aws, "ECC_NIST_P256", "SIGN_VERIFY")),
      Message: digest,
      MessageType: "DIGEST",
      SigningAlgorithm: "ECDSA_SHA_256",
    }),
  ],
  [
    "Verify",
    async (aws) => {
      const request = {
        ...(await keyOf(aws, "ECC_NIST_P256", "SIGN_VERIFY")),
        Message: base64("x"),
        SigningAlgorithm: "ECDSA_SHA_256",
      };
      return { ...request, Signature: (await aws.ok("Sign", request)).Signature };
    },
  ],
  ["GetPublicKey", (aws) => keyOf(aws, "ECC_NIST_P256", "SIGN_VERIFY")],
  [
    "GenerateMac",
    async (aws) => ({
      ...(await keyOf(aws, "HMAC_256", "GENERATE_VERIFY_MAC")),
      Message: base64("x"),
      MacAlgorithm: "HMAC_SHA_256",
    }),
  ],
  [
    "VerifyMac",
    async (aws) => {
      const request = {
        ...(await keyOf(aws, "HMAC_256", "GENERATE_VERIFY_MAC")),
        Message: base64("x"),
        MacAlgorithm: "HMAC_SHA_256",
      };
      return { ...request, Mac: (await aws.ok("GenerateMac", request)).Mac };
    },
  ],
  [
    "DeriveSharedSecret",
    async (aws) => {
      const key = await keyOf(aws, "ECC_NIST_P256", "KEY_AGREEMENT");
      const { PublicKey } = await aws.ok("GetPublicKey", key);
      return { ...key, PublicKey, KeyAgreementAlgorithm: "ECDH" };
    },
  ],
  [
    "Encapsulate",
    async (aws) => ({
      ...(await keyOf(aws, "ML_KEM_512", "ENCAPSULATE_DECAPSULATE")),
      EncapsulationAlgorithm: "ML_KEM",
    }),
  ],
  [
    "Decapsulate",
    async (aws) => {
      const request = {
        ...(await keyOf(aws, "ML_KEM_512", "ENCAPSULATE_DECAPSULATE")),
        EncapsulationAlgorithm: "ML_KEM",
      };
      const { SharedSecretCiphertextBlob } = await aws.ok("Encapsulate", request);
      return { ...request, SharedSecretCiphertextBlob };
    },
  ],
  [
    "GetParametersForImport",
    async (aws) => ({
      ...(await externalKey(aws)),
      WrappingAlgorithm: "RSAES_OAEP_SHA_256",
      WrappingKeySpec: "RSA_2048",
    }),
  ],
  ["ImportKeyMaterial", async (aws) => importRequest(aws, (await externalKey(aws)).KeyId, randomBytes(32))],
  ["DeleteImportedKeyMaterial", externalKey],
  [
    "CreateGrant",
    async (aws) => ({
      KeyId: (await aws.createKey()).KeyId,
      GranteePrincipal: "arn:aws:iam::000000000000:root",
      Operations: ["Encrypt"],
    }),
  ],
  ["ReplicateKey", async (aws) => ({ ...(await multiRegionKey(aws)), ReplicaRegion: "eu-west-1" })],
  [
    "UpdatePrimaryRegion",
    async (aws) => {
      const key = await multiRegionKey(aws);
      await aws.ok("ReplicateKey", { ...key, ReplicaRegion: "eu-west-1" });
      return { ...key, PrimaryRegion: "eu-west-1" };
    },
  ],
]);

async function externalKey(aws: AwsTest): Promise<{ readonly KeyId: string }> {
  return { KeyId: (await aws.createKey({ Origin: "EXTERNAL" })).KeyId };
}

async function multiRegionKey(aws: AwsTest): Promise<{ readonly KeyId: string }> {
  return { KeyId: (await aws.createKey({ MultiRegion: true })).KeyId };
}
