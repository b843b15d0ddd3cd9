import type { AuditLog } from "../ports/audit.ts";
import type { AuditOutboxRecord, Store, Write } from "../ports/store.ts";

/** A change that was made, and its audit record. */
export interface ChangeEvent {
  /** The record's `eventID`. */
  readonly eventId: string;
  /** One line of JSON. */
  readonly eventJson: string;
}

const pageRows = 500;
const pageRecords = 1000;

/**
 * Sees to it that every change that was made gets into the audit trail. Each commit of a change also writes its audit
 * record into the store's outbox, from where it goes once the trail has it. So neither a trail that fails nor the end of
 * the process loses it: what is left in the outbox when the server starts and is not in the trail is written then.
 *
 * What the trail did not take waits in memory too, with the answer in it, and is written before anything else is changed.
 */
export class UnrecordedChanges {
  readonly #audit: AuditLog;
  readonly #store: Store;
  readonly #waiting: ChangeEvent[] = [];
  /** Ids of records that the trail has and the outbox may have yet. */
  readonly #settled = new Set<string>();
  #writing: Promise<void> | undefined;

  constructor(audit: AuditLog, store: Store) {
    this.#audit = audit;
    this.#store = store;
  }

  /** Whether the trail has every change that was made. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** What a change's commit has to write besides. */
  outboxWrites({ eventId, eventJson }: ChangeEvent): Write[] {
    const row = { eventId, afterSequence: this.#audit.lastSequence(), eventJson, revision: 1 };
    return [{ op: "insert", table: "auditOutbox", row }];
  }

  /** The trail did not take the record of a change that was made. */
  add(event: ChangeEvent): void {
    this.#waiting.push(event);
  }

  /** The trail has the record of a change. */
  settle(eventId: string): void {
    this.#settled.add(eventId);
  }

  /**
   * Writes what waits, oldest first.
   *
   * @throws ServiceError AuditUnavailable; what was not written waits on
   */
  write(): Promise<void> {
    if (this.isEmpty) return Promise.resolve();
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  /** Takes what the trail has out of the outbox. What fails now is done next time, or by the next start. */
  async clear(): Promise<void> {
    const ids = [...this.#settled];
    if (ids.length === 0) return;
    this.#settled.clear();
    try {
      await this.#store.commit(
        ids.map((eventId): Write => ({ op: "delete", table: "auditOutbox", key: { eventId }, revision: "any" })),
      );
    } catch {
      for (const id of ids) this.#settled.add(id);
    }
  }

  /**
   * Finds what an earlier process left in the outbox and has the trail take what it lacks. Call it before anything is
   * changed; a trail that fails takes it later.
   */
  async recover(): Promise<void> {
    const rows = await this.#readOutbox();
    const found = await this.#findInTrail(rows);
    for (const { eventId, eventJson } of rows) {
      if (found.has(eventId)) this.settle(eventId);
      else this.add({ eventId, eventJson: asRecovered(eventJson) });
    }
    // Why it fails is in the trail's health, and what waits is written first of all.
    await this.write().catch(() => {});
    await this.clear();
  }

  async #writeAll(): Promise<void> {
    try {
      for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
        await this.#audit.append(event.eventJson);
        this.#waiting.shift();
        this.settle(event.eventId);
      }
    } finally {
      this.#writing = undefined;
    }
  }

  /** The rows of the outbox, oldest first. */
  async #readOutbox(): Promise<readonly AuditOutboxRecord[]> {
    const rows: AuditOutboxRecord[] = [];
    for (;;) {
      const page = await this.#store.listAuditOutbox(rows.at(-1)?.eventId, pageRows);
      rows.push(...page);
      if (page.length < pageRows) return rows.sort((left, right) => left.afterSequence - right.afterSequence);
    }
  }

  /** Which of these the trail has: they can only come after what it held when they were committed. */
  async #findInTrail(rows: readonly AuditOutboxRecord[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    const sought = new Set(rows.map(({ eventId }) => eventId));
    const last = this.#audit.lastSequence();
    let after = rows[0]?.afterSequence ?? last;
    while (after < last && sought.size > 0) {
      const lines = await this.#audit.read(after, pageRecords);
      if (lines.length === 0) break;
      after += lines.length;
      for (const line of lines) {
        for (const eventId of sought) {
          // Whatever a caller wrote stands in the line with its quotes escaped.
          if (line.includes(`"eventID":"${eventId}"`)) found.add(eventId);
        }
      }
      for (const eventId of found) sought.delete(eventId);
    }
    return found;
  }
}

/** Nobody was answered, and what the answer would have been is not known. */
function asRecovered(eventJson: string): string {
  const event = JSON.parse(eventJson) as { additionalEventData?: object };
  return JSON.stringify({ ...event, additionalEventData: { ...event.additionalEventData, recovered: true } });
}
