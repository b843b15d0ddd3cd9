import { type ServerOptions, ServerUnderTest } from "./server-under-test.ts";

/** What sys/init answers. */
export interface InitAnswer {
  readonly keys: readonly string[];
  readonly keys_base64: readonly string[];
  readonly root_token: string;
  readonly access_key_id: string;
  readonly secret_access_key: string;
}

/** An answer with its parsed body. */
export interface SysAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

/** A server whose seal opens with shares. */
export function startShamir(dataDir: string, options: ServerOptions = {}): Promise<ServerUnderTest> {
  return ServerUnderTest.start({ dataDir, ...options, args: ["--seal=shamir", ...(options.args ?? [])] });
}

/** Calls below `/v1/`. */
export async function sys(
  server: ServerUnderTest,
  method: string,
  path: string,
  body?: unknown,
  token?: string,
): Promise<SysAnswer> {
  const headers = token === undefined ? {} : { "X-Vault-Token": token };
  const content = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const response = await fetch(`${server.url}/v1/${path}`, { method, headers, ...content });
  const text = await response.text();
  return { status: response.status, json: text === "" ? undefined : JSON.parse(text) };
}

/** Initializes a server with 2 of 3 shares. */
export async function initialize(server: ServerUnderTest): Promise<InitAnswer> {
  const { status, json } = await sys(server, "PUT", "sys/init", { secret_shares: 3, secret_threshold: 2 });
  if (status !== 200) throw new Error(JSON.stringify(json));
  return json as InitAnswer;
}

/** Gives shares one after the other; gives the last answer. */
export async function unseal(server: ServerUnderTest, shares: readonly (string | undefined)[]): Promise<SysAnswer> {
  let answer: SysAnswer = { status: 0, json: undefined };
  for (const key of shares) answer = await sys(server, "PUT", "sys/unseal", { key });
  return answer;
}
