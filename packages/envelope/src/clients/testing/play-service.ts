import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** A request that came. */
export interface CameIn {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What a test answers. Undefined: it hangs up. */
export type PlayedAnswer =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown }
  | undefined;

/** Plays a service for a test: answers that a real server gives only when it is out of order. */
export async function playService(
  test: TestContext,
  answer: (request: CameIn, number: number) => PlayedAnswer,
): Promise<{ readonly url: string; readonly requests: CameIn[] }> {
  const requests: CameIn[] = [];
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const request = {
      url: incoming.url ?? "",
      headers: incoming.headers,
      body: Buffer.concat(parts).toString(),
    };
    requests.push(request);
    const played = answer(request, requests.length);
    if (played === undefined) {
      incoming.socket.destroy();
      return;
    }
    const { status = 200, headers = {}, body } = played;
    response.writeHead(status, headers);
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
