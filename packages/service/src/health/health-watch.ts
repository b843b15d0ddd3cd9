import type { UnrecordedChanges } from "../pipeline/unrecorded.ts";
import type { AuditHealth, AuditLog } from "../ports/audit.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store, StoreHealth } from "../ports/store.ts";

/** How often the audit trail and the store are looked at. */
const lookMs = 1000;

/** What the watch looks at, and whom it tells. */
export interface HealthWatchParts {
  readonly audit: AuditLog;
  readonly store: Store;
  readonly unrecorded: UnrecordedChanges;
  readonly clock: Clock;
  /** Told one line for the operator. */
  readonly tellOperator: (line: string) => void;
}

/** What is told of a part: the same `state` is told once. */
interface Told {
  readonly state: string;
  readonly line: string;
}

/**
 * Tells the operator once when the audit trail or the store fails, why and what to do, and once when it works again. Asks
 * a failed store each second whether it works, has the trail told what it missed, and clears the outbox of what it has.
 */
export class HealthWatch {
  readonly #parts: HealthWatchParts;
  #audit = "";
  #store = "";
  #cancel = () => {};
  #probing: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(parts: HealthWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stopped = false;
    this.#cancel = this.#parts.clock.schedule(lookMs, () => {
      this.#probing = this.#tick();
    });
  }

  /** Looks now: whoever met a failure calls this, so that it is told even if the process ends at once. */
  look(): void {
    this.#audit = this.#tell(this.#audit, describeAudit(this.#parts.audit.health()), auditWorks);
    this.#store = this.#tell(this.#store, describeStore(this.#parts.store.health()), storeWorks);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#probing;
  }

  async #tick(): Promise<void> {
    const { audit, store, unrecorded } = this.#parts;
    this.look();
    await store.probe();
    // What it throws is in the trail's health.
    if (audit.health().writable) await unrecorded.write().catch(() => {});
    await unrecorded.clear();
    this.look();
    if (!this.#stopped) this.start();
  }

  #tell(before: string, now: Told | undefined, works: string): string {
    if (now === undefined) {
      if (before !== "") this.#parts.tellOperator(works);
      return "";
    }
    if (now.state !== before) this.#parts.tellOperator(now.line);
    return now.state;
  }
}

const auditWorks = "the audit trail is written again.";
const storeWorks = "the database works again.";

function describeAudit({ ok, writable, reason = "" }: AuditHealth): Told | undefined {
  if (ok) return undefined;
  if (writable) return { state: "warned", line: `the audit trail will fail soon: ${reason} Make room.` };
  const advice = "Every request is refused meanwhile. Put that right: the server goes on by itself.";
  return { state: reason, line: `the audit trail cannot be written: ${reason} ${advice}` };
}

function describeStore({ ok, reason = "" }: StoreHealth): Told | undefined {
  if (ok) return undefined;
  const advice = "What needs the database is refused meanwhile. Put that right: the server goes on by itself.";
  return { state: reason, line: `the database fails: ${reason} ${advice}` };
}
