import { sha256Hex } from "@coffer/crypto";
import { limits } from "../limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Outbound } from "../ports/outbound.ts";
import { isSignedBy, type JwtKey, type ParsedJws, parseJwks, parsePublicKeyPem } from "./jws.ts";

/** Where the keys are that sign tokens. */
export type JwtKeySource =
  | { readonly kind: "static"; readonly pems: readonly string[] }
  /** A JSON Web Key Set. */
  | { readonly kind: "jwks"; readonly url: string; readonly caPem: string }
  /** OpenID Connect Discovery 1.0: the issuer. */
  | { readonly kind: "discovery"; readonly url: string; readonly caPem: string };

type RemoteSource = Exclude<JwtKeySource, { readonly kind: "static" }>;

/** `unreachable`: the keys could not be had, so nothing is known. */
export type SignatureCheck = "right" | "wrong" | "unreachable";

interface Fetched {
  readonly keys: Promise<readonly JwtKey[]>;
  readonly atMs: number;
}

/** How long keys are believed, and how long they are not asked for again because a token has an unknown one. */
const keysAgeMs = 600_000;
const askAgainAfterMs = 10_000;

/** The keys that sign tokens: those that are given, and those that others publish, which are kept for a while. */
export class JwtKeys {
  readonly #outbound: Outbound;
  readonly #clock: Clock;
  readonly #fetched = new Map<string, Fetched>();

  constructor(outbound: Outbound, clock: Clock) {
    this.#outbound = outbound;
    this.#clock = clock;
  }

  /** Whether a token was signed by a key of a source. A key that is not known yet is asked for. */
  async check(token: ParsedJws, source: JwtKeySource): Promise<SignatureCheck> {
    if (source.kind === "static") {
      const keys = source.pems.flatMap((pem) => parsePublicKeyPem(pem) ?? []);
      return isSignedBy(token, keys) ? "right" : "wrong";
    }
    try {
      if (isSignedBy(token, fitting(await this.#keysOf(source, keysAgeMs), token))) return "right";
      return isSignedBy(token, fitting(await this.#keysOf(source, askAgainAfterMs), token)) ? "right" : "wrong";
    } catch {
      return "unreachable";
    }
  }

  /** Whether the keys of a source can be had now. */
  async isReachable(source: RemoteSource): Promise<boolean> {
    try {
      await this.#keysOf(source, 0);
      return true;
    } catch {
      return false;
    }
  }

  #keysOf(source: RemoteSource, ageMs: number): Promise<readonly JwtKey[]> {
    const name = `${source.kind} ${source.url} ${sha256Hex(source.caPem)}`;
    const nowMs = this.#clock.nowMs();
    const known = this.#fetched.get(name);
    if (known !== undefined && nowMs - known.atMs < ageMs) return known.keys;
    if (this.#fetched.size >= limits.cachedJwksSources.value) this.#fetched.clear();
    const keys = this.#fetch(source);
    this.#fetched.set(name, { keys, atMs: nowMs });
    keys.catch(() => {
      // A failure is not believed as long as keys are; but not every token asks again.
      if (this.#fetched.get(name)?.keys === keys) {
        this.#fetched.set(name, { keys, atMs: nowMs - keysAgeMs + askAgainAfterMs });
      }
    });
    return keys;
  }

  async #fetch(source: RemoteSource): Promise<readonly JwtKey[]> {
    const { caPem } = source;
    const place = source.kind === "jwks" ? source.url : await this.#discover(source);
    const keys = parseJwks(await this.#get(place, caPem));
    if (keys === undefined) throw new Error("the answer is no JSON Web Key Set");
    return keys;
  }

  async #discover({ url, caPem }: RemoteSource): Promise<string> {
    const text = await this.#get(`${url.replace(/\/$/, "")}/.well-known/openid-configuration`, caPem);
    const metadata = JSON.parse(text) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
    // OpenID Connect Discovery 1.0 section 4.3: else another issuer's keys would speak for this one.
    if (metadata.issuer !== url || typeof metadata.jwks_uri !== "string") {
      throw new Error("the identity provider's metadata cannot be used");
    }
    return metadata.jwks_uri;
  }

  async #get(url: string, caPem: string): Promise<string> {
    const headers = { Accept: "application/json" };
    const answer = await this.#outbound.request({ url, headers, ...(caPem === "" ? {} : { caPem }) });
    if (answer.status !== 200) throw new Error(`the answer has status ${answer.status}`);
    return answer.body;
  }
}

/** The keys that a token may be signed by: where it names one, that one. */
function fitting(keys: readonly JwtKey[], { keyId }: ParsedJws): readonly JwtKey[] {
  return keyId === undefined ? keys : keys.filter(({ id }) => id === undefined || id === keyId);
}
