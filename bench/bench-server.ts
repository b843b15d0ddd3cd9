import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type BenchCredentials, signedKmsRequest } from "./requests.ts";
import { sendOnce } from "./send-once.ts";
import { ServerProcess } from "./server-process.ts";

/** A Coffer server with its credentials, in a data directory of its own. */
export interface BenchServer {
  readonly process: ServerProcess;
  readonly data: string;
  /** One signed AWS KMS request as bytes, to be sent again and again. */
  readonly request: (operation: string, input: unknown) => Buffer;
  /** Sends one. @throws Error for an answer that is not a 200 */
  readonly call: (operation: string, input: unknown) => Promise<Record<string, unknown>>;
}

/** Starts a server on `directory/name`, the data of an earlier one if there is any. Audit durability is the default. */
export async function startBenchServer(directory: string, name: string): Promise<BenchServer> {
  const data = join(directory, name);
  const file = join(directory, `${name}.json`);
  const server = await ServerProcess.start("coffer", [
    ...["server", "--listen", "127.0.0.1:0", "--data-dir", data, "--credentials-file", file],
  ]);
  const credentials = JSON.parse(readFileSync(file, "utf8")) as BenchCredentials;
  const request = (operation: string, input: unknown) => signedKmsRequest(operation, input, server.port, credentials);
  return {
    process: server,
    data,
    request,
    async call(operation, input) {
      const body = await sendOnce(server.port, request(operation, input));
      return body.length === 0 ? {} : (JSON.parse(body) as Record<string, unknown>);
    },
  };
}
