import { Agent, type IncomingHttpHeaders, request } from "node:http";

/** A request as it goes out, but for the headers that node:http adds. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A whole answer. */
export class Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;

  constructor(status: number, headers: IncomingHttpHeaders, text: string) {
    this.status = status;
    this.headers = headers;
    this.text = text;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The body as JSON; an empty one is undefined. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  get json(): any {
    return this.text === "" ? undefined : JSON.parse(this.text);
  }

  /** A line for a failed assertion. */
  toString(): string {
    return `${this.status} ${this.text}`;
  }
}

/** A client with kept-alive connections. A connection that breaks before the answer is whole rejects. */
export class HttpClient {
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(url: string, connections = 16) {
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  get host(): string {
    return this.#url.host;
  }

  /** @param onSent called once the request was handed to the system */
  send({ method, path, headers, body }: HttpRequest, onSent?: () => void): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const { hostname, port } = this.#url;
    const outgoing = request({ hostname, port, method, path, headers, agent: this.#agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve(new Reply(response.statusCode ?? 0, response.headers, Buffer.concat(chunks).toString("utf8")));
      });
    });
    outgoing.on("error", reject);
    if (onSent !== undefined) outgoing.once("finish", onSent);
    outgoing.end(body);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}
