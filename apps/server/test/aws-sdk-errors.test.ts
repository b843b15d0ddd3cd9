import assert from "node:assert/strict";
import { constants, publicEncrypt, randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import * as sdk from "@aws-sdk/client-kms";
import { kmsClient } from "./aws-clients.ts";
import { createKey, encrypt } from "./aws-keys.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const hello = Buffer.from("hello");
const nobody = "00000000-0000-4000-8000-000000000000";

/** Requests that AWS KMS refuses with an exception of the SDK's own class. */
const refused: ReadonlyMap<string, (kms: sdk.KMSClient) => Promise<unknown>> = new Map([
  [
    "AlreadyExistsException",
    async (kms) => {
      const { KeyId } = await createKey(kms);
      const command = new sdk.CreateAliasCommand({ AliasName: "alias/twice", TargetKeyId: KeyId });
      await kms.send(command);
      return kms.send(command);
    },
  ],
  [
    "CustomKeyStoreNotFoundException",
    (kms) => kms.send(new sdk.DescribeCustomKeyStoresCommand({ CustomKeyStoreId: "cks-00000000000000000" })),
  ],
  [
    "DisabledException",
    async (kms) => {
      const { KeyId } = await createKey(kms);
      await kms.send(new sdk.DisableKeyCommand({ KeyId }));
      return encrypt(kms, KeyId);
    },
  ],
  [
    "DryRunOperationException",
    async (kms) => {
      const { KeyId } = await createKey(kms);
      return kms.send(new sdk.GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256", DryRun: true }));
    },
  ],
  [
    "IncorrectKeyException",
    async (kms) => {
      const [one, other] = [await createKey(kms), await createKey(kms)];
      const CiphertextBlob = await encrypt(kms, one.KeyId);
      return kms.send(new sdk.DecryptCommand({ CiphertextBlob, KeyId: other.KeyId }));
    },
  ],
  [
    "IncorrectKeyMaterialException",
    async (kms) => {
      const { KeyId } = await createKey(kms, { Origin: "EXTERNAL" });
      await importInto(kms, KeyId);
      return importInto(kms, KeyId);
    },
  ],
  [
    "InvalidAliasNameException",
    async (kms) => {
      const { KeyId } = await createKey(kms);
      return kms.send(new sdk.CreateAliasCommand({ AliasName: "alias/aws/mine", TargetKeyId: KeyId }));
    },
  ],
  ["InvalidArnException", (kms) => grantTo(kms, "arn:aws:iam:nowhere")],
  [
    "InvalidCiphertextException",
    (kms) => kms.send(new sdk.DecryptCommand({ CiphertextBlob: Buffer.from("no ciphertext of ours") })),
  ],
  [
    "InvalidGrantIdException",
    async (kms) => {
      const { KeyId } = await createKey(kms);
      return kms.send(new sdk.RevokeGrantCommand({ KeyId, GrantId: "not an id of a grant" }));
    },
  ],
  [
    "InvalidGrantTokenException",
    async (kms) => {
      const { KeyId } = await createKey(kms);
      return kms.send(new sdk.EncryptCommand({ KeyId, Plaintext: hello, GrantTokens: ["no token of ours"] }));
    },
  ],
  [
    "InvalidImportTokenException",
    async (kms) => {
      const { KeyId } = await createKey(kms, { Origin: "EXTERNAL" });
      return importInto(kms, KeyId, randomBytes(64));
    },
  ],
  [
    "InvalidKeyUsageException",
    async (kms) => {
      const { KeyId } = await createKey(kms, { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
      return encrypt(kms, KeyId);
    },
  ],
  ["InvalidMarkerException", (kms) => kms.send(new sdk.ListKeysCommand({ Marker: "made-up" }))],
  [
    "KMSInvalidMacException",
    async (kms) => {
      const { KeyId } = await createKey(kms, { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" });
      const input = { KeyId, Message: hello, MacAlgorithm: "HMAC_SHA_256", Mac: randomBytes(32) } as const;
      return kms.send(new sdk.VerifyMacCommand(input));
    },
  ],
  [
    "KMSInvalidSignatureException",
    async (kms) => {
      const { KeyId } = await createKey(kms, { KeySpec: "ECC_NIST_EDWARDS25519", KeyUsage: "SIGN_VERIFY" });
      const input = { KeyId, Message: hello, SigningAlgorithm: "ED25519_SHA_512", Signature: randomBytes(64) } as const;
      return kms.send(new sdk.VerifyCommand(input));
    },
  ],
  ["KMSInvalidStateException", async (kms) => encrypt(kms, (await createKey(kms, { Origin: "EXTERNAL" })).KeyId)],
  [
    "LimitExceededException",
    async (kms) => {
      const { KeyId: TargetKeyId } = await createKey(kms);
      for (let count = 0; count <= 50; count += 1) {
        await kms.send(new sdk.CreateAliasCommand({ AliasName: `alias/many/${count}`, TargetKeyId }));
      }
    },
  ],
  ["MalformedPolicyDocumentException", (kms) => createKey(kms, { Policy: "{" })],
  ["NotFoundException", (kms) => kms.send(new sdk.DescribeKeyCommand({ KeyId: nobody }))],
  ["TagException", (kms) => createKey(kms, { Tags: [1, 2].map(() => ({ TagKey: "a", TagValue: "1" })) })],
  [
    "UnsupportedOperationException",
    async (kms) => {
      const { KeyId } = await createKey(kms, { KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" });
      return kms.send(new sdk.EnableKeyRotationCommand({ KeyId }));
    },
  ],
  [
    "XksProxyUriUnreachableException",
    (kms) =>
      kms.send(
        new sdk.CreateCustomKeyStoreCommand({
          CustomKeyStoreName: "nowhere",
          CustomKeyStoreType: "EXTERNAL_KEY_STORE",
          XksProxyConnectivity: "PUBLIC_ENDPOINT",
          // Nobody listens on the first port.
          XksProxyUriEndpoint: "https://localhost:1",
          XksProxyUriPath: "/kms/xks/v1",
          XksProxyAuthenticationCredential: { AccessKeyId: "A".repeat(20), RawSecretAccessKey: "x".repeat(43) },
        }),
      ),
  ],
]);

const noCloudHsm = "There is no AWS CloudHSM here.";
const noVpc = "There is no VPC here.";
const needsProxy = "It takes a proxy: external-key-store.test.ts and the wire's own tests.";

/** The SDK's other classes, and why no request here brings them about. */
const notHere: ReadonlyMap<string, string> = new Map([
  ["CloudHsmClusterInUseException", noCloudHsm],
  ["CloudHsmClusterInvalidConfigurationException", noCloudHsm],
  ["CloudHsmClusterNotActiveException", noCloudHsm],
  ["CloudHsmClusterNotFoundException", noCloudHsm],
  ["CloudHsmClusterNotRelatedException", noCloudHsm],
  ["IncorrectTrustAnchorException", noCloudHsm],
  ["XksProxyVpcEndpointServiceInUseException", noVpc],
  ["XksProxyVpcEndpointServiceInvalidConfigurationException", noVpc],
  ["XksProxyVpcEndpointServiceNotFoundException", noVpc],
  ["XksProxyUriEndpointInUseException", noVpc],
  ["CustomKeyStoreHasCMKsException", needsProxy],
  ["CustomKeyStoreInvalidStateException", needsProxy],
  ["CustomKeyStoreNameInUseException", needsProxy],
  ["XksKeyAlreadyInUseException", needsProxy],
  ["XksKeyInvalidConfigurationException", needsProxy],
  ["XksKeyNotFoundException", needsProxy],
  ["XksProxyIncorrectAuthenticationCredentialException", needsProxy],
  ["XksProxyInvalidConfigurationException", needsProxy],
  ["XksProxyInvalidResponseException", needsProxy],
  ["XksProxyUriInUseException", needsProxy],
  ["KeyUnavailableException", needsProxy],
  ["ConflictException", "It takes two requests at the same moment."],
  ["DependencyTimeoutException", "It takes a disk or database that fails: robustness/."],
  ["ExpiredImportTokenException", "It takes a day: the wire's own tests, with a clock of theirs."],
  ["KMSInternalException", "It takes a bug."],
]);

/** Imports fresh random material. */
async function importInto(kms: sdk.KMSClient, KeyId: string, token?: Buffer): Promise<void> {
  const ask = { KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" } as const;
  const given = await kms.send(new sdk.GetParametersForImportCommand(ask));
  const key = { key: Buffer.from(given.PublicKey ?? []), format: "der", type: "spki" } as const;
  const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  const EncryptedKeyMaterial = publicEncrypt({ ...key, ...oaep }, randomBytes(32));
  const ImportToken = token ?? given.ImportToken;
  const ExpirationModel = "KEY_MATERIAL_DOES_NOT_EXPIRE";
  await kms.send(new sdk.ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel }));
}

async function grantTo(kms: sdk.KMSClient, GranteePrincipal: string): Promise<unknown> {
  const { KeyId } = await createKey(kms);
  return kms.send(new sdk.CreateGrantCommand({ KeyId, GranteePrincipal, Operations: ["Encrypt"] }));
}

describe("AWS SDK for JavaScript: its exception classes", () => {
  let server: ServerUnderTest;
  let kms: sdk.KMSClient;
  before(async () => {
    server = await ServerUnderTest.start();
    kms = kmsClient(server);
  });
  after(async () => {
    kms?.destroy();
    await server?.kill();
  });

  const classes = new Map(
    Object.entries(sdk).filter(
      ([, it]) => typeof it === "function" && it.prototype instanceof sdk.KMSServiceException,
    ) as [string, new (...args: never[]) => sdk.KMSServiceException][],
  );

  it("are all in one of the two tables", () => {
    assert.ok(classes.size >= 48);
    assert.deepEqual([...refused.keys(), ...notHere.keys()].sort(), [...classes.keys()].sort());
  });

  for (const [name, provoke] of refused) {
    it(`${name} is thrown as such`, async () => {
      await assert.rejects(provoke(kms), (error) => {
        assert.ok(error instanceof sdk.KMSServiceException, String(error));
        assert.equal(error.name, name, error.message);
        assert.ok(error instanceof (classes.get(name) ?? assert.fail(name)));
        assert.deepEqual([error.$metadata.httpStatusCode, error.$fault], [400, "client"]);
        assert.match(error.$metadata.requestId ?? "", /^[0-9a-f-]{36}$/);
        return true;
      });
    });
  }
});
