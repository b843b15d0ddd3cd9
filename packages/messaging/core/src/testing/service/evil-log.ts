import { type KeyObject, sign } from "node:crypto";
import { base64OfBytes, parseDeviceList, type RelayCall, type SignedDeviceList } from "../../index.ts";
import { encodeHead, encodeLeaf, MerkleLog, type SignedHead } from "../../transparency/index.ts";
import type { TestRelay } from "./test-relay.ts";

/** A log that an evil relay shows in place of its own, signed by its own key. */
export class EvilLog {
  readonly entries: Uint8Array[];
  readonly #log = new MerkleLog();
  readonly #relayId: string;
  readonly #keyId: string;
  readonly #headKey: KeyObject;
  readonly #lists = new Map<string, { readonly signed: SignedDeviceList; readonly leafIndex: number }>();

  private constructor(entries: readonly Uint8Array[], relayId: string, keyId: string, headKey: KeyObject) {
    this.entries = [...entries];
    this.#relayId = relayId;
    this.#keyId = keyId;
    this.#headKey = headKey;
    for (const entry of entries) this.#log.append(entry);
  }

  /** Begins with the first entries of the true log; all of them by default. */
  static async of(relay: TestRelay, count = Number.MAX_SAFE_INTEGER): Promise<EvilLog> {
    const { entries } = (await relay.get("/v1/transparency/entries?from=0")) as { entries: string[] };
    const { relayId, headKey } = (await relay.get("/v1/relay")) as { relayId: string; headKey: { keyId: string } };
    const bytes = entries.slice(0, count).map((entry) => Uint8Array.fromBase64(entry));
    return new EvilLog(bytes, relayId, headKey.keyId, relay.headKey);
  }

  /** Shows a list as a user's, and logs it. */
  show(userId: string, signed: SignedDeviceList): void {
    this.#lists.set(userId, { signed, leafIndex: this.add(encodeLeaf(parseDeviceList(signed), signed)) });
  }

  /** Shows a list as a user's, and says that it is an entry of the log: by default one that it is not. */
  showUnlogged(userId: string, signed: SignedDeviceList, leafIndex = 0): void {
    this.#lists.set(userId, { signed, leafIndex });
  }

  /** Shows the true list of a user again. */
  hide(userId: string): void {
    this.#lists.delete(userId);
  }

  add(entry: Uint8Array): number {
    this.entries.push(entry);
    return this.#log.append(entry);
  }

  head(timestampMs = Date.now()): SignedHead {
    const tree = { size: this.#log.size, rootHash: base64OfBytes(this.#log.rootHash()), timestampMs };
    const signature = base64OfBytes(sign(null, encodeHead(this.#relayId, tree), this.#headKey));
    return { ...tree, keyId: this.#keyId, signature };
  }

  /** What the relay answers with this log. */
  readonly rewrite = ({ method, path }: RelayCall, answer: unknown): unknown => {
    if (method !== "GET") return answer;
    const [route = "", query] = path.split("?");
    const parameters = new URLSearchParams(query);
    const user = /^\/v1\/users\/([^/]+)\/device-list$/.exec(route)?.[1];
    if (user !== undefined) return this.#listOf(user, answer as { leafIndex: number });
    if (route === "/v1/transparency/head") return this.head();
    if (route === "/v1/transparency/consistency") {
      const [from, to] = [Number(parameters.get("from")), Number(parameters.get("to"))];
      return { proof: from > to || to > this.#log.size ? [] : this.#log.consistencyProof(from, to).map(base64OfBytes) };
    }
    if (route === "/v1/transparency/entries") {
      const from = Number(parameters.get("from"));
      return { entries: this.entries.slice(from, from + Number(parameters.get("limit"))).map(base64OfBytes) };
    }
    return answer;
  };

  #listOf(user: string, answer: { readonly leafIndex: number }): object {
    const shown = this.#lists.get(user);
    const leafIndex = shown?.leafIndex ?? answer.leafIndex;
    const inclusion = leafIndex < this.#log.size ? this.#log.inclusionProof(leafIndex).map(base64OfBytes) : [];
    return { ...answer, ...shown?.signed, leafIndex, inclusion, head: this.head() };
  }
}
