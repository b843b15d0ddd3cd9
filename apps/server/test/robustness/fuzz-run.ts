import assert from "node:assert/strict";
import fc from "fast-check";
import { RawClient } from "../../src/http/raw-client.ts";
import { BadInputServer } from "./bad-input-fixture.ts";
import { fuzzedRequest } from "./fuzz-requests.ts";
import { assertNoInsides } from "./refusals.ts";
import { succeeded, type Wires } from "./wires.ts";

/** Far beyond any honest answer: a request that takes longer hangs. */
const hangMs = 20_000;

/** What an exchange came to. */
export interface FuzzCounts {
  /** Answers by their hundred. */
  readonly byClass: Map<number, number>;
  /** Connections that ended without an answer. */
  silent: number;
}

/** Requests that the server serves meanwhile: it has come to whatever was sent before them. */
async function serveOthers(wires: Wires): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) assert.ok((await wires.rest("GET", "/keys/canary")).ok);
}

/** Everything that comes back on one connection. */
async function exchange(wires: Wires, url: string, text: string): Promise<string> {
  const client = await RawClient.connect(url, { allowHalfOpen: true });
  let received = "";
  client.socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
  });
  await client.send(text);
  await Promise.race([client.closed, serveOthers(wires)]);
  // Nothing follows: a request that waits for more will not get it.
  client.socket.end();
  client.socket.once("end", () => client.socket.destroy());
  await client.closed;
  return received;
}

/**
 * Sends spoilt requests to a live server: none may be answered with a 5xx, show its insides or hang, and all that was
 * there has to be there in the end.
 */
export async function runFuzz(numRuns: number, seed: number): Promise<FuzzCounts> {
  const bad = await BadInputServer.start();
  const { wires, server } = bad;
  succeeded(await wires.rest("POST", "/keys", { key_id: "fuzzed" }));
  const counts: FuzzCounts = { byClass: new Map(), silent: 0 };
  try {
    const property = fc.asyncProperty(fuzzedRequest, async (request) => {
      const received = await exchange(wires, server.url, request.text(wires));
      const statuses = [...received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
      if (statuses.length === 0) counts.silent += 1;
      for (const status of statuses) {
        counts.byClass.set(Math.floor(status / 100), (counts.byClass.get(Math.floor(status / 100)) ?? 0) + 1);
        assert.ok(status < 500, received);
        if (status >= 400) assertNoInsides(received);
      }
    });
    await fc.assert(property, { numRuns, seed, timeout: hangMs, endOnFailure: true });
    await bad.expectKeys();
    await bad.assertUnharmed();
    await bad.stop();
    return counts;
  } finally {
    await server.kill();
  }
}
