import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where the server is and how to get in. */
export interface Access {
  readonly endpoint: string;
  /** Undefined for a dev server, which asks for none. */
  readonly token: string | undefined;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** COFFER_ENDPOINT, COFFER_TOKEN and AWS's own variables, else the credentials file, else a dev server on this machine. */
export function findAccess(): Access {
  const file = process.env["COFFER_CREDENTIALS_FILE"] ?? join(homedir(), ".coffer", "credentials.json");
  const stored = readCredentials(file);
  return {
    endpoint: process.env["COFFER_ENDPOINT"] ?? stored["endpoint"] ?? "http://127.0.0.1:8080",
    token: process.env["COFFER_TOKEN"] ?? stored["token"],
    accessKeyId: process.env["AWS_ACCESS_KEY_ID"] ?? stored["accessKeyId"] ?? "test",
    secretAccessKey: process.env["AWS_SECRET_ACCESS_KEY"] ?? stored["secretAccessKey"] ?? "test",
    region: process.env["AWS_DEFAULT_REGION"] ?? stored["region"] ?? "us-east-1",
  };
}

function readCredentials(file: string): Record<string, string | undefined> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** What the server answers to a refused request (RFC 9457). */
interface Problem {
  readonly title: string;
  readonly detail?: string;
}

/** A few lines are all that the REST API needs. */
export class CofferRest {
  readonly #access: Access;

  constructor(access: Access = findAccess()) {
    this.#access = access;
  }

  /** Makes a key, or takes the one that is there. */
  async ensureKey(keyId: string): Promise<void> {
    const response = await this.#send("POST", "/keys", { key_id: keyId });
    if (response.status !== 201 && response.status !== 409) throw await failure(response);
  }

  async encrypt(keyId: string, plaintext: string, context: Record<string, string> = {}): Promise<string> {
    return this.#call("/encrypt", { key_id: keyId, plaintext, context }, "ciphertext");
  }

  async decrypt(keyId: string, ciphertext: string, context: Record<string, string> = {}): Promise<string> {
    return this.#call("/decrypt", { key_id: keyId, ciphertext, context }, "plaintext");
  }

  /** A fresh 256-bit data key: in the clear for use now, and encrypted for keeping. The caller wipes the first. */
  async dataKey(keyId: string): Promise<{ plaintext: Buffer; ciphertext: string }> {
    const response = await this.#send("POST", "/datakey", { key_id: keyId });
    if (!response.ok) throw await failure(response);
    const { plaintext, ciphertext } = (await response.json()) as { plaintext: string; ciphertext: string };
    return { plaintext: Buffer.from(plaintext, "base64"), ciphertext };
  }

  /** The data key that was encrypted. The caller wipes it. */
  async openDataKey(keyId: string, ciphertext: string): Promise<Buffer> {
    const body = { key_id: keyId, ciphertext, encoding: "base64" };
    return Buffer.from(await this.#call("/decrypt", body, "plaintext"), "base64");
  }

  async #call(path: string, body: unknown, member: string): Promise<string> {
    const response = await this.#send("POST", path, body);
    if (!response.ok) throw await failure(response);
    return String(((await response.json()) as Record<string, unknown>)[member]);
  }

  async #send(method: string, path: string, body: unknown): Promise<Response> {
    const { endpoint, token } = this.#access;
    const headers = {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    try {
      return await fetch(new URL(path, endpoint), { method, headers, body: JSON.stringify(body) });
    } catch (error) {
      throw new Error(`no server at ${endpoint}; start one with 'make server-run' in another terminal`, {
        cause: error,
      });
    }
  }
}

async function failure(response: Response): Promise<Error> {
  const problem = (await response.json()) as Problem;
  return new Error(`${response.status} ${problem.title}: ${problem.detail ?? ""}`);
}
