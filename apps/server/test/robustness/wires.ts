import { signRequest } from "@coffer/sigv4";
import type { Credentials, ServerUnderTest } from "../server-under-test.ts";
import { HttpClient, type HttpRequest, type Reply } from "./http-client.ts";

/** The three APIs of the server. */
export type WireName = "aws" | "vault" | "rest";

export const wireNames: readonly WireName[] = ["aws", "vault", "rest"];

/** How an AWS request is signed; what is absent is as it should be. */
export interface Signing {
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  readonly timestampMs?: number;
  readonly service?: string;
}

/** What the requests of a test are made with. */
export type Access = Pick<Credentials, "accessKeyId" | "secretAccessKey" | "token" | "region">;

function bodyOf(body: unknown): string | Buffer {
  if (typeof body === "string" || Buffer.isBuffer(body)) return body;
  return body === undefined ? "" : JSON.stringify(body);
}

/** Requests of the three APIs, over one client, as one principal. A body that is a text or bytes goes out as it is. */
export class Wires {
  readonly client: HttpClient;
  readonly access: Access;
  /** Sent with every request, so that its audit record can be found. */
  userAgent = "robustness";

  constructor(client: HttpClient, access: Access) {
    this.client = client;
    this.access = access;
  }

  /** The wires of a server as its account root; those of a dev server need no real credentials. */
  static of(server: ServerUnderTest, access: Access = server.credentials): Wires {
    return new Wires(new HttpClient(server.url), access);
  }

  awsRequest(operation: string, body: unknown, signing: Signing = {}): HttpRequest {
    const { accessKeyId, secretAccessKey, region } = this.access;
    const content = bodyOf(body);
    const headers = {
      host: this.client.host,
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": operation.includes(".") ? operation : `TrentService.${operation}`,
      "user-agent": this.userAgent,
    };
    const { sessionToken } = signing;
    const added = signRequest(
      {
        method: "POST",
        path: "/",
        query: "",
        headers: new Map(Object.entries(headers)),
        body: Buffer.from(content),
      },
      {
        accessKeyId: signing.accessKeyId ?? accessKeyId,
        secretAccessKey: signing.secretAccessKey ?? secretAccessKey,
        ...(sessionToken === undefined ? {} : { sessionToken }),
      },
      { region, service: signing.service ?? "kms", timestampMs: signing.timestampMs ?? Date.now() },
    );
    return { method: "POST", path: "/", headers: { ...headers, ...Object.fromEntries(added) }, body: content };
  }

  /** A request of STS's query protocol. */
  stsRequest(fields: Readonly<Record<string, string>>): HttpRequest {
    const { accessKeyId, secretAccessKey, region } = this.access;
    const body = new URLSearchParams({ Version: "2011-06-15", ...fields }).toString();
    const headers = {
      host: this.client.host,
      "content-type": "application/x-www-form-urlencoded",
      "user-agent": this.userAgent,
    };
    const added = signRequest(
      { method: "POST", path: "/", query: "", headers: new Map(Object.entries(headers)), body: Buffer.from(body) },
      { accessKeyId, secretAccessKey },
      { region, service: "sts", timestampMs: Date.now() },
    );
    return { method: "POST", path: "/", headers: { ...headers, ...Object.fromEntries(added) }, body };
  }

  /** @param path below `/v1/` */
  vaultRequest(method: string, path: string, body?: unknown, token = this.access.token): HttpRequest {
    const headers = { "content-type": "application/json", "x-vault-token": token, "user-agent": this.userAgent };
    return { method, path: `/v1/${path}`, headers, body: bodyOf(body) };
  }

  restRequest(method: string, path: string, body?: unknown, token = this.access.token): HttpRequest {
    const authorization = `Bearer ${token}`;
    const headers = { "content-type": "application/json", authorization, "user-agent": this.userAgent };
    return { method, path, headers, body: bodyOf(body) };
  }

  aws(operation: string, body: unknown, signing?: Signing): Promise<Reply> {
    return this.client.send(this.awsRequest(operation, body, signing));
  }

  vault(method: string, path: string, body?: unknown): Promise<Reply> {
    return this.client.send(this.vaultRequest(method, path, body));
  }

  rest(method: string, path: string, body?: unknown): Promise<Reply> {
    return this.client.send(this.restRequest(method, path, body));
  }

  close(): void {
    this.client.close();
  }
}

/** Throws unless an answer is a success; gives its body. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export function succeeded(reply: Reply): any {
  if (!reply.ok) throw new Error(`refused: ${reply}`);
  return reply.json;
}

/** The id that an answer gives the request, where it gives one. */
export function requestIdOf(wire: WireName, reply: Reply): string | undefined {
  if (wire === "aws") return reply.headers["x-amzn-requestid"] as string | undefined;
  if (wire === "rest") return reply.headers["x-request-id"] as string | undefined;
  const id: unknown = reply.text.startsWith("{") ? reply.json.request_id : undefined;
  return typeof id === "string" ? id : undefined;
}
