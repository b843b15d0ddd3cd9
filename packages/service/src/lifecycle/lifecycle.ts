import { randomId } from "@coffer/crypto";
import type { Core } from "../core.ts";
import { ServiceError } from "../errors.ts";
import type { KeyRecord } from "../model/key.ts";
import { endMethodTokens } from "../mounts/method-tokens.ts";
import { clearRemovedAreas } from "../mounts/mount-areas.ts";
import { upgradeSecrets } from "../operations/kv/upgrade-secrets.ts";
import { StoreConflict } from "../ports/store.ts";
import { clearExpired } from "./clear-expired.ts";
import { destroyDueKey, expireDueKey, rotateDueKey } from "./due-key.ts";
import { hasExpiredMaterial } from "./expire-material.ts";
import { RetryPlan } from "./retry-plan.ts";

/** Keys read at once. */
const batchKeys = 50;
/** The longest sleep; a clock that was set forward is noticed within it. */
const maxSleepMs = 60_000;
const retryMs = 5_000;
/** This many failures in a row are no broken keys but a broken store: the round ends. */
const maxFailuresInRow = 10;
/** With more broken keys than this nothing is tried but they themselves: all are read anew each round. */
const maxBrokenKeys = 1_000;
/** A key that conflicts so often in a row has no rival: something is wrong with it. */
const maxConflicts = 5;

/** Does what is due on its own: rotations, destructions after the waiting period, and noting when keys were last used. */
export class Lifecycle {
  readonly #core: Core;
  readonly #retries = new RetryPlan();
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #started = false;
  #stopped = false;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Starts with whatever fell due while the server was down. */
  start(): void {
    this.#started = true;
    this.#sleep(0);
  }

  /** Tells of a key's due time, which may be earlier than the next wake. */
  onDueChanged(dueAtMs: number | undefined): void {
    if (dueAtMs === undefined || dueAtMs >= this.#wakeAtMs) return;
    this.#sleep(Math.max(0, dueAtMs - this.#core.clock.nowMs()));
  }

  /**
   * Runs everything that is due now. Also for tests, which move the clock first. A key that cannot be handled is told to
   * the operator and tried again later, further apart each time; it holds up no other key.
   *
   * @throws what the store throws
   */
  runDue(): Promise<void> {
    const round = this.#running.then(() => this.#round());
    this.#running = round.catch(() => {});
    return round;
  }

  /** Writes soon what many keys were used for. */
  onManyUses(): void {
    this.#sleep(0);
  }

  /** Stops waking; a key in progress is finished first, and the last uses of keys are written. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
    await this.#flushUsages();
  }

  /** Uses that could not be written wait for the next time. */
  async #flushUsages(): Promise<void> {
    try {
      await this.#core.keyUsages.flush(this.#core.clock.nowMs());
    } catch (error) {
      this.#report(error);
    }
  }

  #sleep(delayMs: number): void {
    if (!this.#started || this.#stopped) return;
    this.#cancel?.();
    const bounded = Math.min(delayMs, maxSleepMs);
    this.#wakeAtMs = this.#core.clock.nowMs() + bounded;
    this.#cancel = this.#core.clock.schedule(bounded, () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#running = this.#running.then(() => this.#wake());
    });
  }

  async #wake(): Promise<void> {
    await this.#flushUsages();
    try {
      await this.#round();
      const next = await this.#core.store.nextDueAtMs();
      const delayMs = next === undefined ? maxSleepMs : next - this.#core.clock.nowMs();
      // What is due even so could not be done: it waits for its retry, and this must not spin meanwhile.
      this.#sleep(delayMs > 0 ? delayMs : retryMs);
    } catch (error) {
      this.#report(error);
      this.#sleep(retryMs);
    }
  }

  async #round(): Promise<void> {
    const nowMs = this.#core.clock.nowMs();
    await endMethodTokens(this.#core);
    await upgradeSecrets(this.#core);
    await clearRemovedAreas(this.#core);
    await clearExpired(this.#core, nowMs);
    let failuresInRow = 0;
    while (await this.#canRecord()) {
      const due = await this.#core.store.listDueKeys(nowMs, batchKeys + this.#retries.size);
      const ready = this.#retries.select(due, nowMs);
      if (ready.length === 0 || this.#retries.size > maxBrokenKeys) return;
      for (const record of ready) {
        if (this.#stopped) return;
        failuresInRow = (await this.#runKey(record)) ? 0 : failuresInRow + 1;
        if (failuresInRow >= maxFailuresInRow || !(await this.#canRecord())) return;
      }
    }
  }

  /** Writes what is not recorded yet. @returns whether what is changed next can be recorded */
  async #canRecord(): Promise<boolean> {
    try {
      await this.#core.unrecorded.write();
    } catch {
      // Health tells the operator why.
      return false;
    }
    return this.#core.audit.health().writable;
  }

  /** @returns whether it went well */
  async #runKey(record: KeyRecord): Promise<boolean> {
    try {
      const handle = dueHandler(record, this.#core.clock.nowMs());
      this.#core.unrecorded.add(await handle(this.#core, record));
      this.#retries.succeeded(record);
      return true;
    } catch (error) {
      const failures = this.#retries.failed(record, this.#core.clock.nowMs());
      // Somebody else may have changed the key meanwhile; only when that goes on it is worth telling.
      if (!(error instanceof StoreConflict) || failures >= maxConflicts) this.#report(error);
      return false;
    }
  }

  #report(error: unknown): void {
    if (error instanceof ServiceError && error.code === "StoreUnavailable") this.#core.lookAtHealth();
    else this.#core.reportBug(randomId(), error);
  }
}

/** What is to do for a key that is due. */
function dueHandler(record: KeyRecord, nowMs: number) {
  if (record.state === "pendingDestruction") return destroyDueKey;
  return hasExpiredMaterial(record, nowMs) ? expireDueKey : rotateDueKey;
}
