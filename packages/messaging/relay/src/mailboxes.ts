import type { Database } from "./database.ts";
import type { RelayLimits } from "./limits.ts";
import { RelayRefusal } from "./problem.ts";
import type { RowCipher } from "./row-cipher.ts";

/** What a mailbox tells of a message besides its body. */
export interface MessageFacts {
  readonly messageId: string;
  /** `USER/DEVICE`. */
  readonly from: string;
  readonly protocol: string;
  readonly kind: string;
  readonly groupId?: string | undefined;
  readonly receivedAtMs: number;
}

/** A message as its device gets it. */
export interface MailboxMessage extends MessageFacts {
  readonly seq: number;
  /** Base64. */
  readonly body: string;
}

/** A body that several mailboxes share. */
export interface SharedBody {
  readonly id: number;
  /** What it counts for in each of them. */
  readonly bytes: number;
}

interface Row {
  readonly seq: number;
  readonly body: number | null;
  readonly sealed: Uint8Array;
}

interface Counters {
  readonly next_seq: number;
  readonly mailbox_messages: number;
  readonly mailbox_bytes: number;
}

/** A message's facts and what seals it have less. */
const mostHeadBytes = 2048;

/** Told that there is something new: messages, or that keys were given out. */
export type MailboxListener = (about: "messages" | "keys") => void;

/** The mailboxes of all devices: in order, and until they are acknowledged. */
export class Mailboxes {
  readonly #database: Database;
  readonly #cipher: RowCipher;
  readonly #limits: RelayLimits;
  readonly #listeners = new Map<string, MailboxListener>();

  constructor(database: Database, cipher: RowCipher, limits: RelayLimits) {
    this.#database = database;
    this.#cipher = cipher;
    this.#limits = limits;
  }

  /** Keeps one body for several mailboxes; only within a write. @returns what `deliver` takes */
  storeBody(body: string, readers: number): SharedBody {
    const row = this.#database.get<{ id: number }>("select coalesce(max(id), 0) + 1 as id from bodies")!;
    const sealed = this.#cipher.seal(`bodies/${row.id}`, Buffer.from(body, "base64"));
    this.#database.run("insert into bodies (id, readers, sealed) values (?, ?, ?)", row.id, readers, sealed);
    return { id: row.id, bytes: sealed.length };
  }

  /**
   * Puts a message into a device's mailbox; only within a write.
   *
   * @param to the device's row and its `USER/DEVICE`
   * @param body base64, or one that several mailboxes share
   * @throws RelayRefusal MailboxFull, with the `device`
   */
  deliver(to: { device: Buffer; address: string }, facts: MessageFacts, body: string | SharedBody): void {
    const { device, address } = to;
    const counters = this.#countersOf(device);
    if (counters === undefined) throw new RelayRefusal("NotFound", "The device is gone.");
    const seq = counters.next_seq;
    const own = typeof body === "string" ? Buffer.from(body, "base64") : Buffer.alloc(0);
    const head = Buffer.from(JSON.stringify(facts));
    const headLength = Buffer.alloc(4);
    headLength.writeUInt32BE(head.length);
    const sealed = this.#cipher.seal(placeOf(device, seq), Buffer.concat([headLength, head, own]));
    const bytes = sealed.length + (typeof body === "string" ? 0 : body.bytes);
    if (!this.#hasRoom(counters, bytes)) {
      throw new RelayRefusal(
        "MailboxFull",
        "The recipient's mailbox is full: try again when the device has been online.",
        { device: address },
      );
    }
    this.#database.run(
      "insert into messages (device, seq, received_ms, bytes, body, sealed) values (?, ?, ?, ?, ?, ?)",
      device,
      seq,
      facts.receivedAtMs,
      bytes,
      typeof body === "string" ? null : body.id,
      sealed,
    );
    this.#database.run(
      "update devices set next_seq = next_seq + 1, mailbox_messages = mailbox_messages + 1, mailbox_bytes = mailbox_bytes + ? where device = ?",
      bytes,
      device,
    );
  }

  /** Whether a mailbox has no room for one more message with a body of that many characters of base64. */
  isFull(device: Buffer, characters: number): boolean {
    const counters = this.#countersOf(device);
    return counters !== undefined && !this.#hasRoom(counters, characters + mostHeadBytes);
  }

  #countersOf(device: Buffer): Counters | undefined {
    return this.#database.get<Counters>(
      "select next_seq, mailbox_messages, mailbox_bytes from devices where device = ?",
      device,
    );
  }

  #hasRoom({ mailbox_messages, mailbox_bytes }: Counters, bytes: number): boolean {
    const { mailboxMessages, mailboxBytes } = this.#limits;
    return mailbox_messages < mailboxMessages && mailbox_bytes + bytes <= mailboxBytes;
  }

  /** The oldest messages after a sequence number, up to a count. */
  read(device: Buffer, after: number, most: number): MailboxMessage[] {
    return this.#database
      .all<Row>(
        "select seq, body, sealed from messages where device = ? and seq > ? order by seq limit ?",
        device,
        after,
        most,
      )
      .map((row) => this.#open(device, row));
  }

  #open(device: Buffer, { seq, body, sealed }: Row): MailboxMessage {
    const plain = this.#cipher.open(placeOf(device, seq), sealed);
    const headEnd = 4 + plain.readUInt32BE(0);
    const facts = JSON.parse(plain.subarray(4, headEnd).toString()) as MessageFacts;
    const octets = body === null ? plain.subarray(headEnd) : this.#openBody(body);
    return { seq, ...facts, body: octets.toString("base64") };
  }

  #openBody(id: number): Buffer {
    const row = this.#database.get<{ sealed: Uint8Array }>("select sealed from bodies where id = ?", id)!;
    return this.#cipher.open(`bodies/${id}`, row.sealed);
  }

  /** Deletes what a device has kept; only within a write. */
  acknowledge(device: Buffer, upTo: number): void {
    this.#database.run(
      "update bodies set readers = readers - 1 where id in (select body from messages where device = ? and seq <= ? and body is not null)",
      device,
      upTo,
    );
    this.#database.run(
      "delete from bodies where readers <= 0 and id in (select body from messages where device = ? and seq <= ? and body is not null)",
      device,
      upTo,
    );
    const gone = this.#database.get<{ messages: number; bytes: number }>(
      "select count(*) as messages, coalesce(sum(bytes), 0) as bytes from messages where device = ? and seq <= ?",
      device,
      upTo,
    )!;
    if (gone.messages === 0) return;
    this.#database.run("delete from messages where device = ? and seq <= ?", device, upTo);
    this.#database.run(
      "update devices set mailbox_messages = mailbox_messages - ?, mailbox_bytes = mailbox_bytes - ? where device = ?",
      gone.messages,
      gone.bytes,
      device,
    );
  }

  /** Deletes messages that nobody fetched for too long; only within a write. */
  deleteBefore(atMs: number): void {
    const old = this.#database.all<{ device: Uint8Array; seq: number }>(
      "select device, max(seq) as seq from messages where received_ms < ? group by device",
      atMs,
    );
    for (const { device, seq } of old) this.acknowledge(Buffer.from(device), seq);
  }

  /** Calls `listener` when a mailbox has something new. One listener a device. @returns what ends it */
  listen(device: Buffer, listener: MailboxListener): () => void {
    const name = device.toString("hex");
    this.#listeners.set(name, listener);
    return () => {
      if (this.#listeners.get(name) === listener) this.#listeners.delete(name);
    };
  }

  /** Tells listeners, once what was delivered is durable. */
  notify(devices: readonly Buffer[], about: Parameters<MailboxListener>[0] = "messages"): void {
    for (const device of devices) this.#listeners.get(device.toString("hex"))?.(about);
  }
}

function placeOf(device: Buffer, seq: number): string {
  return `messages/${device.toString("hex")}/${seq}`;
}
