import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { adopt, cleanEnvironment } from "./run-program.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

/** Where a Python script of the tests lies. */
export function pythonScript(name: string): string {
  return join(import.meta.dirname, "python", name);
}

/** What a Python client raised. */
export class PythonError extends Error {
  /** The exception's class, such as `InvalidPath` (hvac) or `NotFoundException` (boto3). */
  readonly className: string;
  /** boto3 only: the error code. */
  readonly code: string | undefined;
  /** boto3 only: the HTTP status. */
  readonly status: number | undefined;
  /** hvac only: what the server said. */
  readonly errors: readonly string[] | undefined;

  constructor(told: {
    readonly class: string;
    readonly message: string;
    readonly code?: string;
    readonly status?: number;
    readonly errors?: readonly string[];
  }) {
    super(`${told.code ?? told.class}: ${told.message}`);
    this.name = "PythonError";
    this.className = told.class;
    this.code = told.code;
    this.status = told.status;
    this.errors = told.errors;
  }
}

/** How a boto3 client is made: service, endpoint, region, access key id, secret access key. */
export type AwsClientParts = readonly [string, string, string, string, string];

/** How an hvac client is made: URL, token. */
export type VaultClientParts = readonly [string, string];

// Answers of every shape: tests say what they expect in them.
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
type Answer = any;
type Input = Readonly<Record<string, unknown>>;

/** A Python process with boto3 and hvac in it, which makes one call after another. */
export class PythonClients {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  #stderr = "";

  constructor(python: string) {
    this.#child = adopt(
      spawn(python, [pythonScript("clients.py")], { env: cleanEnvironment(), stdio: ["pipe", "pipe", "pipe"] }),
    );
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error("the output is a pipe");
    createInterface({ input: stdout }).on("line", (line) => this.#waiting.shift()?.resolve(line));
    stderr.on("data", (data) => {
      this.#stderr += data;
    });
    this.#child.once("close", () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`python ended: ${this.#stderr}`));
    });
  }

  /** Calls a method of a boto3 client, such as `generate_data_key`. */
  aws(client: AwsClientParts, operation: string, input: Input = {}): Promise<Answer> {
    return this.#ask({ do: "aws", client, operation, with: input });
  }

  /** Reads a listing page by page. */
  awsPages(client: AwsClientParts, operation: string, pageSize: number, input: Input = {}): Promise<Answer[]> {
    return this.#ask({ do: "aws-pages", client, operation, page_size: pageSize, with: input });
  }

  /** A URL with the signature in it. */
  awsPresign(client: AwsClientParts, operation: string): Promise<string> {
    return this.#ask({ do: "aws-presign", client, operation });
  }

  /** Calls a method of an hvac client, such as `secrets.transit.encrypt_data`. */
  vault(client: VaultClientParts, method: string, input: Input = {}): Promise<Answer> {
    return this.#ask({ do: "vault", client, method, with: input });
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }

  async #ask(request: Input): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ resolve, reject });
    this.#child.stdin?.write(`${JSON.stringify(request, encodeBytes)}\n`);
    const answer = JSON.parse(await promise, decodeBytes) as {
      ok?: Answer;
      error?: ConstructorParameters<typeof PythonError>[0];
    };
    if (answer.error !== undefined) throw new PythonError(answer.error);
    return answer.ok;
  }
}

/** The boto3 client of the account root, of another region or with other credentials when given. */
export function awsParts(
  server: ServerUnderTest,
  service: "kms" | "sts" | "iam",
  { region, accessKeyId, secretAccessKey } = server.credentials,
): AwsClientParts {
  return [service, server.url, region, accessKeyId, secretAccessKey];
}

/** The hvac client of the account root, or of another token. */
export function vaultParts(server: ServerUnderTest, token = server.credentials.token): VaultClientParts {
  return [server.vaultUrl, token];
}

function encodeBytes(this: Input, name: string, value: unknown): unknown {
  const own = this[name];
  return Buffer.isBuffer(own) ? { $bytes: own.toString("base64") } : value;
}

function decodeBytes(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$bytes" in value)) return value;
  return Buffer.from(String(value.$bytes), "base64");
}
