import { CreateAliasCommand, type KMSClient } from "@aws-sdk/client-kms";
import vault from "node-vault";
import { kmsClient } from "./aws-clients.ts";
import { createKey, decrypt, encrypt } from "./aws-keys.ts";
import { awsParts, type PythonClients, vaultParts } from "./python-clients.ts";
import { restBody } from "./rest-client.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

/** Who calls; what is left out is the account root's. */
export interface Caller {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
}

/** One client of one API, as far as all have the same. Ciphertexts are text. Every refusal is an exception. */
export interface KeyClient {
  readonly name: string;
  /** Ciphertexts of one format are for every client that has it. */
  readonly format: "kms" | "transit";
  /** Makes a key with a name. */
  makeKey(name: string): Promise<void>;
  encrypt(name: string, text: string): Promise<string>;
  decrypt(name: string, ciphertext: string): Promise<string>;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const text = (encoded: string) => Buffer.from(encoded, "base64").toString();

/** The REST API by `fetch`. */
export function restKeys(server: ServerUnderTest, { token }: Caller = server.credentials): KeyClient {
  const post = (path: string, body: object) => restBody(server, "POST", path, body, token);
  return {
    name: "REST",
    format: "kms",
    makeKey: (name) => post("/keys", { key_id: name }),
    encrypt: async (name, plaintext) => (await post("/encrypt", { key_id: name, plaintext })).ciphertext,
    decrypt: async (name, ciphertext) => (await post("/decrypt", { key_id: name, ciphertext })).plaintext,
  };
}

/** The AWS API by the AWS SDK. */
export function sdkKeys(server: ServerUnderTest, caller: Caller = server.credentials): KeyClient & { kms: KMSClient } {
  const { accessKeyId, secretAccessKey } = caller;
  const kms = kmsClient(server, { accessKeyId, secretAccessKey });
  return {
    name: "AWS SDK",
    format: "kms",
    kms,
    async makeKey(name) {
      const { KeyId } = await createKey(kms);
      await kms.send(new CreateAliasCommand({ AliasName: `alias/${name}`, TargetKeyId: KeyId }));
    },
    encrypt: async (name, plaintext) =>
      Buffer.from(await encrypt(kms, `alias/${name}`, Buffer.from(plaintext))).toString("base64"),
    decrypt: (_name, ciphertext) => decrypt(kms, Buffer.from(ciphertext, "base64")),
  };
}

/** The Vault API by node-vault, on the mount `transit`. */
export function nodeVaultKeys(server: ServerUnderTest, { token }: Caller = server.credentials): KeyClient {
  const client = vault({ endpoint: server.vaultUrl, token });
  return {
    name: "node-vault",
    format: "transit",
    makeKey: (name) => client.transitCreateKey({ name }),
    encrypt: async (name, plaintext) =>
      (await client.encryptData({ name, plaintext: base64(plaintext) })).data.ciphertext,
    decrypt: async (name, ciphertext) => text((await client.decryptData({ name, ciphertext })).data.plaintext),
  };
}

/** The AWS API by boto3. */
export function botoKeys(clients: PythonClients, server: ServerUnderTest, caller?: Caller): KeyClient {
  const kms = (operation: string, input: object) =>
    clients.aws(awsParts(server, "kms", { ...server.credentials, ...caller }), operation, { ...input });
  return {
    name: "boto3",
    format: "kms",
    async makeKey(name) {
      const { KeyId } = (await kms("create_key", {})).KeyMetadata;
      await kms("create_alias", { AliasName: `alias/${name}`, TargetKeyId: KeyId });
    },
    async encrypt(name, plaintext) {
      const { CiphertextBlob } = await kms("encrypt", { KeyId: `alias/${name}`, Plaintext: Buffer.from(plaintext) });
      return CiphertextBlob.toString("base64");
    },
    async decrypt(_name, ciphertext) {
      return (await kms("decrypt", { CiphertextBlob: Buffer.from(ciphertext, "base64") })).Plaintext.toString();
    },
  };
}

/** The Vault API by hvac, on the mount `transit`. */
export function hvacKeys(clients: PythonClients, server: ServerUnderTest, caller?: Caller): KeyClient {
  const transit = (method: string, input: object) =>
    clients.vault(vaultParts(server, caller?.token), `secrets.transit.${method}`, { ...input });
  return {
    name: "hvac",
    format: "transit",
    makeKey: (name) => transit("create_key", { name }),
    encrypt: async (name, plaintext) =>
      (await transit("encrypt_data", { name, plaintext: base64(plaintext) })).data.ciphertext,
    decrypt: async (name, ciphertext) => text((await transit("decrypt_data", { name, ciphertext })).data.plaintext),
  };
}
