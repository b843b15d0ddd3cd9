import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, it } from "node:test";
import { ManualClock } from "@coffer/testkit";
import { limits } from "../limits.ts";
import type { OutboundAnswer, OutboundRequest } from "../ports/outbound.ts";
import { parseJws } from "./jws.ts";
import { JwtKeys } from "./jwt-keys.ts";

const pairs = new Map(["one", "two"].map((kid) => [kid, generateKeyPairSync("ec", { namedCurve: "P-256" })]));

function tokenBy(key: KeyObject, kid?: string) {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "ES256", kid })}.${part({})}`;
  const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
  return parseJws(`${signed}.${signature.toString("base64url")}`)!;
}

const token = (kid: string, named = true) => tokenBy(pairs.get(kid)!.privateKey, named ? kid : undefined);
const url = "https://keys.example/set";
const source = { kind: "jwks", url, caPem: "" } as const;

/** Publishes some of the keys, and counts how often it is asked. */
class Publisher {
  kids: readonly string[] = ["one"];
  isDown = false;
  issuer = "https://issuer.example";
  readonly asked: OutboundRequest[] = [];
  readonly clock = new ManualClock();
  readonly keys = new JwtKeys(this, this.clock);

  async request(request: OutboundRequest): Promise<OutboundAnswer> {
    this.asked.push(request);
    if (this.isDown) return { status: 503, body: "" };
    if (request.url.endsWith("openid-configuration")) {
      return { status: 200, body: JSON.stringify({ issuer: this.issuer, jwks_uri: url }) };
    }
    const keys = this.kids.map((kid) => ({ ...pairs.get(kid)!.publicKey.export({ format: "jwk" }), kid }));
    return { status: 200, body: JSON.stringify({ keys }) };
  }
}

describe("keys that others publish", () => {
  it("are asked for once, and anew when a token has one that is not known, but not at once", async () => {
    const publisher = new Publisher();
    const { keys, clock } = publisher;
    assert.equal(await keys.check(token("one"), source), "right");
    assert.equal(await keys.check(token("one", false), source), "right");
    assert.equal(await keys.check(token("two"), source), "wrong");
    assert.equal(publisher.asked.length, 1);
    publisher.kids = ["two"];
    assert.equal(await keys.check(token("two"), source), "wrong");
    clock.advance(10_000);
    assert.equal(await keys.check(token("two"), source), "right");
    assert.equal(await keys.check(token("one"), source), "wrong");
    assert.equal(publisher.asked.length, 2);
    clock.advance(600_000);
    assert.equal(await keys.check(token("two"), source), "right");
    assert.equal(publisher.asked.length, 3);
  });

  it("by another's name are not believed", async () => {
    const { keys } = new Publisher();
    assert.equal(await keys.check(tokenBy(pairs.get("one")!.privateKey, "two"), source), "wrong");
    assert.equal(await keys.check(tokenBy(pairs.get("two")!.privateKey, "one"), source), "wrong");
  });

  it("that cannot be had are asked for again after a while", async () => {
    const publisher = new Publisher();
    const { keys, clock } = publisher;
    publisher.isDown = true;
    assert.equal(await keys.check(token("one"), source), "unreachable");
    assert.equal(await keys.check(token("one"), source), "unreachable");
    assert.equal(publisher.asked.length, 1);
    publisher.isDown = false;
    clock.advance(10_000);
    assert.equal(await keys.check(token("one"), source), "right");
  });

  it("are found by the issuer's metadata, which must be its own", async () => {
    const publisher = new Publisher();
    const discovery = { kind: "discovery", url: "https://issuer.example", caPem: "" } as const;
    assert.equal(await publisher.keys.check(token("one"), discovery), "right");
    assert.equal(publisher.asked[0]?.url, "https://issuer.example/.well-known/openid-configuration");
    publisher.issuer = "https://other.example";
    assert.equal(await publisher.keys.isReachable(discovery), false);
  });

  it("are of one source each", async () => {
    const publisher = new Publisher();
    await publisher.keys.check(token("one"), source);
    await publisher.keys.check(token("one"), { ...source, caPem: "other" });
    assert.deepEqual(
      publisher.asked.map(({ caPem }) => caPem),
      [undefined, "other"],
    );
  });

  it("are of so many sources", async () => {
    const publisher = new Publisher();
    const max = limits.cachedJwksSources.value;
    for (let index = 0; index < max; index += 1)
      await publisher.keys.check(token("one"), { ...source, url: `${url}${index}` });
    await publisher.keys.check(token("one"), { ...source, url: `${url}0` });
    assert.equal(publisher.asked.length, max);
    await publisher.keys.check(token("one"), { ...source, url: `${url}more` });
    await publisher.keys.check(token("one"), { ...source, url: `${url}0` });
    assert.equal(publisher.asked.length, max + 2);
  });
});
