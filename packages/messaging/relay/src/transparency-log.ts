import { encodeHead, MerkleLog, type SignedHead, type SubtreeHashes } from "@coffer/messaging/transparency";
import type { Database } from "./database.ts";
import type { HeadSigner } from "./relay.ts";

// Clients refuse heads that are a day old; one an hour costs the signing key little.
const resignAfterMs = 60 * 60 * 1000;

/** The log of all device lists, in the database, and its newest signed head. */
export class TransparencyLog {
  readonly tree: MerkleLog;
  readonly #database: Database;
  readonly #relayId: string;
  readonly #signer: HeadSigner;
  readonly #nowMs: () => number;
  #head: SignedHead | undefined;
  #signing: Promise<SignedHead> | undefined;

  constructor(database: Database, relayId: string, signer: HeadSigner, nowMs: () => number) {
    this.#database = database;
    this.#relayId = relayId;
    this.#signer = signer;
    this.#nowMs = nowMs;
    this.tree = new MerkleLog(hashesIn(database));
  }

  /** Adds a leaf; only within a write of the database. @returns its index */
  append(entry: Uint8Array, user: Uint8Array): number {
    const leaf = this.tree.append(entry);
    this.#database.run("insert into log_leaves (leaf, entry, user) values (?, ?, ?)", leaf, entry, user);
    return leaf;
  }

  /** A head that covers all leaves that there are when it is asked for. @throws HeadUnsigned */
  async head(): Promise<SignedHead> {
    // Leaves may come in faster than heads are signed.
    const { size } = this.tree;
    for (;;) {
      const head = this.#head;
      if (head !== undefined && head.size >= size && head.timestampMs > this.#nowMs() - resignAfterMs) {
        return head;
      }
      this.#signing ??= this.#sign().finally(() => {
        this.#signing = undefined;
      });
      await this.#signing;
    }
  }

  async #sign(): Promise<SignedHead> {
    const { size } = this.tree;
    const rootHash = Buffer.from(this.tree.rootHash(size)).toString("base64");
    const tree = { size, rootHash, timestampMs: this.#nowMs() };
    const signature = await this.#signer.sign(encodeHead(this.#relayId, tree)).catch((cause: unknown) => {
      throw new HeadUnsigned(cause);
    });
    this.#head = { ...tree, keyId: this.#signer.keyId, signature: Buffer.from(signature).toString("base64") };
    return this.#head;
  }
}

/** The key that signs heads cannot be used. */
export class HeadUnsigned extends Error {
  override readonly name = "HeadUnsigned";

  constructor(cause: unknown) {
    super(`The log's head was not signed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function hashesIn(database: Database): SubtreeHashes {
  const count = (level: number) =>
    database.get<{ count: number }>(
      "select coalesce(max(position) + 1, 0) as count from log_hashes where level = ?",
      level,
    )!.count;
  return {
    count,
    get(level, position) {
      const row = database.get<{ hash: Uint8Array }>(
        "select hash from log_hashes where level = ? and position = ?",
        level,
        position,
      );
      if (row === undefined) throw new RangeError("this subtree is not whole yet");
      return row.hash;
    },
    add(level, hash) {
      database.run("insert into log_hashes (level, position, hash) values (?, ?, ?)", level, count(level), hash);
    },
  };
}
