import { basename } from "node:path";
import { type EncryptionContext, type Keyring, kmsClient, kmsKeyring } from "@coffer/envelope";
import { decryptFile, encryptFile } from "@coffer/envelope/node";

/** Large data on disk under a key of the server, of which it sees the data keys alone. */
export class LargeData {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  async encryptLargeData(source: string, target: string, context: EncryptionContext): Promise<void> {
    await encryptFile(source, target, { keyring: this.#keyring, context });
  }

  /** Nothing gets the name `target` before all of it is authentic. */
  async decryptLargeData(source: string, target: string, context: EncryptionContext): Promise<void> {
    await decryptFile(source, target, { keyring: this.#keyring, context });
  }
}

const [action, keyId = "", source = "", target = ""] = process.argv.slice(2);
const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region = "us-east-1" } = process.env;
const { AWS_ACCESS_KEY_ID: accessKeyId = "test", AWS_SECRET_ACCESS_KEY: secretAccessKey = "test" } = process.env;
const client = kmsClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
const largeData = new LargeData(kmsKeyring({ keyId, client }));
if (action === "encrypt") await largeData.encryptLargeData(source, target, { file: "report" });
else await largeData.decryptLargeData(source, target, { file: "report" });
console.log(`${action}ed ${basename(source)} to ${basename(target)}`);
