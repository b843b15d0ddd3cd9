import type { AuditLog } from "../ports/audit.ts";

/**
 * The audit records of changes that were made and that the trail did not take: nobody was answered, but the trail has to
 * tell of them. They wait in memory and are written before anything else is changed. As many wait as operations were
 * under way when the trail failed; only the end of the process loses them.
 */
export class UnrecordedChanges {
  readonly #audit: AuditLog;
  readonly #events: string[] = [];
  #writing: Promise<void> | undefined;

  constructor(audit: AuditLog) {
    this.#audit = audit;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  add(eventJson: string): void {
    this.#events.push(eventJson);
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

  async #writeAll(): Promise<void> {
    try {
      for (let event = this.#events[0]; event !== undefined; event = this.#events[0]) {
        await this.#audit.append(event);
        this.#events.shift();
      }
    } finally {
      this.#writing = undefined;
    }
  }
}
