import { signRequest } from "@coffer/sigv4";

export interface BenchCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
  readonly region: string;
}

function frame(method: string, path: string, headers: Iterable<readonly [string, string]>, body: Buffer): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, ...Array.from(headers, ([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\ncontent-length: ${body.length}\r\n\r\n`), body]);
}

/** A signed AWS KMS request as the SDK for JavaScript sends it. Good for five minutes. */
export function signedKmsRequest(
  operation: string,
  input: unknown,
  port: number,
  credentials: BenchCredentials,
): Buffer {
  const body = Buffer.from(JSON.stringify(input));
  const headers = new Map([
    ["host", `127.0.0.1:${port}`],
    ["content-type", "application/x-amz-json-1.1"],
    ["x-amz-target", `TrentService.${operation}`],
    ["x-amz-user-agent", "aws-sdk-js/3.1164.0"],
    ["user-agent", "aws-sdk-js/3.1164.0 os/linux lang/js md/nodejs api/kms#3.1164.0"],
    ["amz-sdk-invocation-id", "0b7c4c1e-8a35-4c47-9d1f-3a3c1c1f1b11"],
    ["amz-sdk-request", "attempt=1; max=3"],
  ]);
  const { accessKeyId, secretAccessKey, region } = credentials;
  const added = signRequest(
    { method: "POST", path: "/", query: "", headers, body },
    { accessKeyId, secretAccessKey },
    { region, service: "kms", timestampMs: Date.now() },
  );
  return frame("POST", "/", [...headers, ...added], body);
}

/** A request with a token: REST by bearer, Vault by its own header. */
export function tokenRequest(path: string, input: unknown, port: number, token: string): Buffer {
  const body = Buffer.from(JSON.stringify(input));
  const auth: [string, string] = path.startsWith("/v1/")
    ? ["x-vault-token", token]
    : ["authorization", `Bearer ${token}`];
  const headers: [string, string][] = [["host", `127.0.0.1:${port}`], ["content-type", "application/json"], auth];
  return frame("POST", path, headers, body);
}
