import assert from "node:assert/strict";
import type { BadInputServer } from "./bad-input-fixture.ts";
import type { Reply } from "./http-client.ts";
import { assertRefusal } from "./refusals.ts";
import type { WireName, Wires } from "./wires.ts";

/** Tries a limit on a live server: what is within is served, one more is refused in the API's own words. */
export type Try = (server: BadInputServer) => Promise<void>;

/** Where else a limit is tried, and what that file must hold so that this goes on being true. */
export interface Elsewhere {
  readonly file: string;
  readonly text: string;
}

export type LimitCase = Try | Elsewhere;

/** What keeps memory or records small and refuses nothing. */
export function elsewhere(file: string, text: string): Elsewhere {
  return { file, text };
}

type Send = (wires: Wires, size: number) => Promise<Reply>;

/** A request with `most` of something is served, or refused for another reason; one with more is refused for that. */
export function bounded(
  wire: WireName,
  most: number,
  send: Send,
  words: string | RegExp,
  within: RegExp | "served" = "served",
): Try {
  return async ({ wires }) => {
    const fits = await send(wires, most);
    if (within === "served") assert.ok(fits.ok, String(fits));
    else assertRefusal(wire, fits, fits.status, within);
    assertRefusal(wire, await send(wires, most + 1), 400, words);
  };
}

/** As `bounded`, for a least value. */
export function atLeast(wire: WireName, least: number, send: Send, words: string | RegExp): Try {
  return async ({ wires }) => {
    const fits = await send(wires, least);
    assert.ok(fits.ok, String(fits));
    assertRefusal(wire, await send(wires, least - 1), 400, words);
  };
}

/** `most` of something can be made, one after the other, and not one more. */
export function countable(wire: WireName, most: number, make: Send, words: string | RegExp, status = 400): Try {
  return async ({ wires }) => {
    for (let n = 1; n <= most; n += 1) {
      const reply = await make(wires, n);
      assert.ok(reply.ok, `${n}: ${reply}`);
    }
    assertRefusal(wire, await make(wires, most + 1), status, words);
  };
}

/** A new key's id. */
export async function newKey(wires: Wires): Promise<string> {
  return (await wires.aws("CreateKey", {})).json.KeyMetadata.KeyId;
}

export const base64Of = (bytes: number) => Buffer.alloc(bytes, 7).toString("base64");
export const letters = (count: number) => "x".repeat(count);
