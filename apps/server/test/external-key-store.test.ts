import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeCustomKeyStoresCommand,
  EncryptCommand,
  KMSInvalidStateException,
} from "@aws-sdk/client-kms";
import { component } from "@coffer/testkit";
import { kmsClient } from "./aws-clients.ts";
import { awsParts, PythonClients, PythonError } from "./python-clients.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const certificates = join(import.meta.dirname, "../src/http/fixtures");
const certFile = join(certificates, "localhost-cert.pem");
const uriPath = "/cellar/kms/xks/v1";

/** Calls the REST API of a server that speaks TLS, as its account root. */
async function secureRest(
  server: ServerUnderTest,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, string>> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { authorization: `Bearer ${server.credentials.token}` };
  const asked = request(new URL(path, server.url), { method, ca: readFileSync(certFile), headers }, (answer) => {
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (chunk) => {
      text += chunk;
    });
    answer.on("end", () => resolve(text));
  });
  asked.once("error", reject);
  asked.end(body === undefined ? "" : JSON.stringify(body));
  return JSON.parse(await promise) as Record<string, string>;
}

describe("an external key store whose proxy is another Coffer, over TLS", {
  skip: python.available ? false : python.reason,
}, () => {
  /** The key manager, with the proxy in front. */
  let remote: ServerUnderTest;
  let server: ServerUnderTest;
  let clients: PythonClients;
  let credential: { readonly AccessKeyId: string; readonly RawSecretAccessKey: string };
  let customKeyStoreId: string;

  before(async () => {
    assert.ok(python.available);
    const tls = [`--tls-cert-file=${certFile}`, `--tls-key-file=${join(certificates, "localhost-key.pem")}`];
    remote = await ServerUnderTest.start({ args: [...tls, `--xks-uri-path=${uriPath}`] });
    // The real clock runs here: a busy machine must not fail this.
    server = await ServerUnderTest.start({ args: [`--xks-roots-file=${certFile}`, "--xks-timeout-ms=10000"] });
    clients = new PythonClients(python.path);
    const made = await secureRest(remote, "POST", "/admin/access-keys", { principal: "root", purpose: "xks" });
    credential = { AccessKeyId: made["access_key_id"]!, RawSecretAccessKey: made["secret_access_key"]! };
  });
  after(async () => {
    clients?.close();
    await server?.kill();
    await remote?.kill();
  });

  const kms = (operation: string, input = {}) => clients.aws(awsParts(server, "kms"), operation, input);
  const keyStore = () => ({
    CustomKeyStoreName: "cellar",
    CustomKeyStoreType: "EXTERNAL_KEY_STORE",
    XksProxyConnectivity: "PUBLIC_ENDPOINT",
    XksProxyUriEndpoint: remote.url,
    XksProxyUriPath: uriPath,
    XksProxyAuthenticationCredential: credential,
  });
  const connectionState = async () =>
    (await kms("describe_custom_key_stores", { CustomKeyStoreId: customKeyStoreId })).CustomKeyStores[0]
      .ConnectionState;
  /** The key id of a new key of the key manager. */
  const externalKey = async (name: string) => {
    await secureRest(remote, "POST", "/keys", { key_id: name });
    return (await secureRest(remote, "GET", `/keys/${name}`))["kms_key_id"] ?? "";
  };

  async function raises(call: Promise<unknown>, code: string): Promise<void> {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof PythonError, String(error));
      assert.deepEqual([error.code, error.status], [code, 400]);
      return true;
    });
  }

  it("is created by boto3, and refused with a credential that the proxy does not know", async () => {
    const wrong = { ...credential, RawSecretAccessKey: "x".repeat(43) };
    await raises(
      kms("create_custom_key_store", { ...keyStore(), XksProxyAuthenticationCredential: wrong }),
      "XksProxyIncorrectAuthenticationCredentialException",
    );
    await raises(
      kms("create_custom_key_store", { ...keyStore(), XksProxyUriPath: "/kms/xks/v1" }),
      "XksProxyInvalidConfigurationException",
    );
    await raises(kms("create_custom_key_store", { CustomKeyStoreName: "hsm" }), "UnsupportedOperationException");
    customKeyStoreId = (await kms("create_custom_key_store", keyStore())).CustomKeyStoreId;
    assert.equal(await connectionState(), "DISCONNECTED");
    await kms("connect_custom_key_store", { CustomKeyStoreId: customKeyStoreId });
    assert.equal(await connectionState(), "CONNECTED");
  });

  it("serves boto3 and the AWS SDK the same keys", async () => {
    const client = kmsClient(server);
    const key = {
      Origin: "EXTERNAL_KEY_STORE",
      CustomKeyStoreId: customKeyStoreId,
      XksKeyId: await externalKey("one"),
    };
    const { KeyMetadata } = await kms("create_key", key);
    const { KeyId } = KeyMetadata;
    assert.deepEqual(
      [KeyMetadata.Origin, KeyMetadata.CustomKeyStoreId, KeyMetadata.XksKeyConfiguration, KeyMetadata.KeyState],
      ["EXTERNAL_KEY_STORE", customKeyStoreId, { Id: key.XksKeyId }, "Enabled"],
    );
    await raises(kms("create_key", key), "XksKeyAlreadyInUseException");
    await raises(kms("create_key", { ...key, XksKeyId: "none" }), "XksKeyNotFoundException");
    await raises(kms("enable_key_rotation", { KeyId }), "UnsupportedOperationException");
    const EncryptionContext = { purpose: "test" };
    const Plaintext = Buffer.from("attack at dawn");
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext }));
    assert.ok(CiphertextBlob !== undefined);
    const opened = await kms("decrypt", { CiphertextBlob: Buffer.from(CiphertextBlob), EncryptionContext });
    assert.deepEqual(opened.Plaintext, Plaintext);
    const made = await kms("generate_data_key", { KeyId, KeySpec: "AES_256", EncryptionContext });
    const decrypted = await client.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext }));
    assert.deepEqual(Buffer.from(decrypted.Plaintext ?? []), made.Plaintext);

    await kms("disconnect_custom_key_store", { CustomKeyStoreId: customKeyStoreId });
    await assert.rejects(
      client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext })),
      KMSInvalidStateException,
    );
    assert.equal((await kms("describe_key", { KeyId })).KeyMetadata.KeyState, "Unavailable");
    await raises(kms("create_key", key), "CustomKeyStoreInvalidStateException");
    await raises(
      kms("delete_custom_key_store", { CustomKeyStoreId: customKeyStoreId }),
      "CustomKeyStoreHasCMKsException",
    );
    await kms("connect_custom_key_store", { CustomKeyStoreId: customKeyStoreId });
    assert.deepEqual(
      Buffer.from((await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))).Plaintext ?? []),
      Plaintext,
    );
    client.destroy();
  });

  it("tells when the key manager is gone", async () => {
    const client = kmsClient(server);
    const XksKeyId = await externalKey("two");
    const key = { Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId: customKeyStoreId, XksKeyId } as const;
    const { KeyMetadata } = await client.send(new CreateKeyCommand(key));
    const use = { KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from("x") };
    await client.send(new EncryptCommand(use));
    await remote.kill();
    await assert.rejects(client.send(new EncryptCommand(use)), (error) => {
      assert.ok(error instanceof KMSInvalidStateException, String(error));
      assert.match(error.message, /cannot communicate with the external key store proxy/);
      return true;
    });
    await kms("disconnect_custom_key_store", { CustomKeyStoreId: customKeyStoreId });
    await kms("connect_custom_key_store", { CustomKeyStoreId: customKeyStoreId });
    const { CustomKeyStores } = await client.send(new DescribeCustomKeyStoresCommand({}));
    assert.deepEqual(
      CustomKeyStores?.map(({ ConnectionState, ConnectionErrorCode }) => [ConnectionState, ConnectionErrorCode]),
      [["FAILED", "XKS_PROXY_NOT_REACHABLE"]],
    );
    client.destroy();
  });
});
