import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { parseDeviceList, type SignedDeviceList } from "../device-list.ts";
import { MessagingError } from "../errors.ts";
import { arrayOf, type JsonRecord, type RelayApi, recordOf } from "../relay-client/relay-api.ts";
import { RelayProblem } from "../relay-client/relay-problem.ts";
import { decodeLeaf, encodeLeaf, hashUserId } from "../transparency/leaf.ts";
import { type ReadLog, readEntries, rootOfRead, unreadLog } from "../transparency/log-reader.ts";
import type { SignedHead } from "../transparency/signed-head.ts";
import { emptyHash, leafHash } from "../transparency/tree-hash.ts";
import { type HeadKey, readSignedHead, verifyHead } from "../transparency/verify-head.ts";
import { verifyConsistency, verifyInclusion } from "../transparency/verify-proof.ts";
import { oneAtATime } from "../vault/one-at-a-time.ts";
import type { DeviceContext } from "./device-context.ts";
import type { SeenHead } from "./payload.ts";
import { peers } from "./peers.ts";
import { boundedRecords, recordKind } from "./records.ts";

/** What is kept of a relay's log. */
interface KnownLog extends SeenHead {
  readonly relayId: string;
  /** Of the newest head that was seen. */
  readonly timestampMs: number;
  /** Pinned when the relay was first used. */
  readonly headKey: HeadKey;
  readonly read: ReadLog;
}

const knownLog = recordKind<KnownLog>("log");
/** Lists of the own user that the log has, by version. */
const ownLeaves = recordKind<string>("own-leaf");
/** The index of each user's newest list in what was read of the log, and of the newest by each account key. */
const newestLeaves = recordKind<number>("newest-leaf");
/** Heads of peers that fit. */
const comparedHeads = boundedRecords<true>("compared-head", 256);

/** Heads that are older are refused: a relay could go on showing one from before a list was made. */
const maxHeadAgeMs = 24 * 60 * 60_000;
const entriesPerRequest = 1000;
/** How often the log is read on. */
const watchMs = 10 * 60_000;

/**
 * Watches the relay's transparency log: every list that is used is in it, it only grows, peers see the same one, and nobody
 * made a list for this user with another account key. Source: RFC 9162, sections 2.1.3 to 2.1.5.
 */
export class LogMonitor {
  readonly #context: DeviceContext;
  readonly #accountKey: string;
  readonly #inTurn = oneAtATime();
  #watchedAtMs = 0;

  /** @param accountKey base64, of this device's user */
  constructor(context: DeviceContext, accountKey: string) {
    this.#context = context;
    this.#accountKey = accountKey;
  }

  /**
   * Checks that a list which came is in the log, that the log has no newer one of that user, and that it is the log which was
   * seen before, only longer. Of a user whose account key is trusted, what another key signed does not count: who puts that into
   * the log is found out by the user.
   *
   * @throws MessagingError RelayDishonest, DeviceListRefused, RelayUnavailable
   */
  witness(userId: string, signed: SignedDeviceList, answer: JsonRecord): Promise<void> {
    const list = parseDeviceList(signed);
    return this.#inTurn(async () => {
      const head = await this.#advance(readSignedHead(answer["head"]));
      await this.#readUpTo(this.#context.api!, head);
      const proof = arrayOf(answer["inclusion"]).map((hash) => bytesOfBase64(hash) ?? new Uint8Array());
      const claim = {
        leafHash: leafHash(encodeLeaf(list, signed)),
        index: typeof answer["leafIndex"] === "number" ? answer["leafIndex"] : Number.NaN,
        treeSize: head.size,
        rootHash: bytesOfBase64(head.rootHash)!,
      };
      if (!verifyInclusion(claim, proof)) throw dishonest(`the device list of ${userId} is not in its log`);
      const newest = await this.#context.transact(async (state) => {
        const isTrusted = (await peers.get(state, userId))?.accountKey === list.accountKey;
        return newestLeaves.get(state, newestName(hashUserId(userId), isTrusted ? list.accountKey : undefined));
      });
      if (newest === undefined || newest === claim.index) return;
      if (newest < head.size) throw dishonest(`its log has a newer device list of ${userId} than it shows`);
      // The answer is from before the log was read: nothing is wrong, and nothing is used.
      throw new MessagingError("RelayUnavailable", `The device list of ${userId} has just changed; try again.`);
    });
  }

  /**
   * Reads the log on from where it was read to, and raises an alarm when it has a list of this user that this account did not
   * sign. Not more often than every ten minutes, unless it is asked for.
   *
   * @throws MessagingError RelayDishonest, RelayUnavailable
   */
  watch(isAskedFor: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const { api } = this.#context;
      const now = this.#context.nowMs();
      if (api === undefined || (!isAskedFor && now - this.#watchedAtMs < watchMs)) return;
      const answer = await api.session.run({ method: "GET", path: "/v1/transparency/head", anonymous: true });
      const head = await this.#advance(readSignedHead(answer));
      await this.#readUpTo(api, head);
      this.#watchedAtMs = now;
    });
  }

  /**
   * Compares what a peer saw of the log with what is seen here.
   *
   * @throws MessagingError RelayDishonest when no log has both
   */
  compare(peer: SeenHead): Promise<void> {
    return this.#inTurn(async () => {
      const { api } = this.#context;
      if (api === undefined) return;
      const name = `${peer.size}-${peer.rootHash}`;
      const known = await this.#known(api);
      if (peer.size === known.size && peer.rootHash === known.rootHash) return;
      if (await this.#context.transact((state) => comparedHeads.get(state, name))) return;
      let own: SeenHead = known;
      if (peer.size > own.size) {
        const answer = await api.session.run({ method: "GET", path: "/v1/transparency/head", anonymous: true });
        own = await this.#advance(readSignedHead(answer));
      }
      if (peer.size > own.size) throw dishonest("a peer saw a longer log than it shows here");
      await this.#checkGrowth(api, peer, own, "a peer saw another log than it shows here");
      await this.#context.transact((state) => comparedHeads.add(state, name, true));
    });
  }

  /** Takes a head when it is signed, fresh and one that the log grew to. */
  async #advance(head: SignedHead | undefined): Promise<SeenHead> {
    const api = this.#context.api!;
    const known = await this.#known(api);
    if (head === undefined || !verifyHead(known.relayId, known.headKey, head)) {
      throw dishonest("the head of its log is not signed by the key that it had");
    }
    // A head from the future would never be too old.
    if (Math.abs(this.#context.nowMs() - head.timestampMs) > maxHeadAgeMs) {
      throw dishonest("the head of its log is over a day old or from the future, or this device's clock is wrong");
    }
    if (head.size < known.size && head.timestampMs > known.timestampMs) {
      throw dishonest("its log has become shorter");
    }
    const [older, newer] = head.size < known.size ? [head, known] : [known, head];
    await this.#checkGrowth(api, older, newer, "its log is not the one that it was");
    if (head.size > known.size || (head.size === known.size && head.timestampMs > known.timestampMs)) {
      const { size, rootHash, timestampMs } = head;
      await this.#context.transact(async (state) => {
        knownLog.put(state, { ...((await knownLog.get(state)) ?? known), size, rootHash, timestampMs });
      });
    }
    const { size, rootHash } = newer;
    this.#context.head = { size, rootHash };
    return head;
  }

  /** @throws MessagingError RelayDishonest when the newer log does not begin with the older one */
  async #checkGrowth(api: RelayApi, older: SeenHead, newer: SeenHead, why: string): Promise<void> {
    if (older.size === newer.size) {
      if (older.rootHash !== newer.rootHash) throw dishonest(why);
      return;
    }
    if (older.size === 0) return;
    const path = `/v1/transparency/consistency?from=${older.size}&to=${newer.size}`;
    const proof = await this.#proof(api, path, why);
    const claim = {
      oldSize: older.size,
      oldRootHash: bytesOfBase64(older.rootHash)!,
      newSize: newer.size,
      newRootHash: bytesOfBase64(newer.rootHash)!,
    };
    if (!verifyConsistency(claim, proof)) throw dishonest(why);
  }

  async #proof(api: RelayApi, path: string, why: string): Promise<Uint8Array[]> {
    try {
      const answer = recordOf(await api.session.run({ method: "GET", path, anonymous: true }));
      return arrayOf(answer["proof"]).map((hash) => bytesOfBase64(hash) ?? new Uint8Array());
    } catch (cause) {
      if (cause instanceof RelayProblem && cause.status === 404) throw dishonest(why);
      throw cause;
    }
  }

  /** What is known of the log. The relay's key is pinned when there is nothing yet. */
  async #known(api: RelayApi): Promise<KnownLog> {
    const known = await this.#context.transact((state) => knownLog.get(state));
    if (known !== undefined) return known;
    const answer = recordOf(await api.session.run({ method: "GET", path: "/v1/relay", anonymous: true }));
    const { relayId } = answer;
    const { keyId, algorithm, publicKey } = recordOf(answer["headKey"]);
    if (![relayId, keyId, algorithm, publicKey].every((text) => typeof text === "string")) {
      throw dishonest("it names no key of its log");
    }
    const headKey = { keyId, algorithm, publicKey } as HeadKey;
    const first = {
      relayId: relayId as string,
      headKey,
      timestampMs: 0,
      size: 0,
      rootHash: base64OfBytes(emptyHash()),
    };
    const log: KnownLog = { ...first, read: unreadLog };
    await this.#context.transact(async (state) => knownLog.put(state, log));
    return log;
  }

  async #readUpTo(api: RelayApi, head: SeenHead): Promise<void> {
    const self = hashUserId(this.#context.self.userId);
    for (;;) {
      const known = await this.#known(api);
      const missing = head.size - known.read.size;
      if (missing <= 0) return;
      const limit = Math.min(missing, entriesPerRequest);
      const path = `/v1/transparency/entries?from=${known.read.size}&limit=${limit}`;
      const answer = recordOf(await api.session.run({ method: "GET", path, anonymous: true }));
      const entries = arrayOf(answer["entries"]).map((entry) => bytesOfBase64(entry) ?? new Uint8Array());
      if (entries.length === 0 || entries.length > limit) throw dishonest("it does not show the entries of its log");
      const read = readEntries(known.read, entries);
      if (read.size === head.size && base64OfBytes(rootOfRead(read)) !== head.rootHash) {
        // From the beginning next time: which of the entries is another one nobody knows.
        await this.#context.transact(async (state) => {
          knownLog.put(state, { ...known, read: unreadLog });
          for (const name of await newestLeaves.names(state)) newestLeaves.delete(state, name);
        });
        throw dishonest("the entries of its log are not those that it signed");
      }
      for (const entry of entries) await this.#inspect(entry, self);
      await this.#context.transact(async (state) => {
        knownLog.put(state, { ...((await knownLog.get(state)) ?? known), read });
        for (const [at, entry] of entries.entries()) {
          const leaf = decodeLeaf(entry);
          if (leaf === undefined) continue;
          for (const accountKey of [undefined, base64OfBytes(leaf.accountKey)]) {
            newestLeaves.put(state, known.read.size + at, newestName(leaf.userHash, accountKey));
          }
        }
      });
    }
  }

  /** Looks for lists of this user: by another account key, or two of one version. */
  async #inspect(entry: Uint8Array, self: Uint8Array): Promise<void> {
    const leaf = decodeLeaf(entry);
    if (leaf === undefined || base64OfBytes(leaf.userHash) !== base64OfBytes(self)) return;
    const listHash = base64OfBytes(leaf.listHash);
    const isForeign = base64OfBytes(leaf.accountKey) !== this.#accountKey;
    const before = await this.#context.transact(async (state) => {
      const known = await ownLeaves.get(state, String(leaf.version));
      if (!isForeign) ownLeaves.put(state, listHash, String(leaf.version));
      return known;
    });
    const isOther = before !== undefined && before !== listHash;
    if (isForeign || isOther) {
      this.#context.emit({ kind: "logAlarm", why: isForeign ? "foreignAccountKey" : "twoListsOfOneVersion" });
    }
  }
}

function newestName(userHash: Uint8Array, accountKey: string | undefined): string {
  const user = userHash.toHex();
  return accountKey === undefined ? user : `${user}/${bytesOfBase64(accountKey)!.toHex()}`;
}

function dishonest(why: string): MessagingError {
  return new MessagingError(
    "RelayDishonest",
    `The relay cannot be believed: ${why}. Nothing was sent; ask its operator, and compare safety numbers.`,
  );
}
