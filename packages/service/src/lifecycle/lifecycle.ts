import { randomId } from "@coffer/crypto";
import { auditEventJson } from "../audit/event.ts";
import type { Core } from "../core.ts";
import { KeyEntry } from "../keys/key-entry.ts";
import type { KeyRecord } from "../model/key.ts";
import { rotate } from "../operations/rotation/rotate.ts";
import { StoreConflict, type Write } from "../ports/store.ts";

/** Keys of one round: small, so that requests go on between rounds. */
const roundKeys = 50;
/** The longest sleep; a clock that was set forward is noticed within it. */
const maxSleepMs = 60_000;
const retryMs = 5_000;
const pageRows = 500;

/** Does what is due on its own: rotations, and destructions after the waiting period. */
export class Lifecycle {
  readonly #core: Core;
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Starts with whatever fell due while the server was down. */
  start(): void {
    this.#sleep(0);
  }

  /** Tells of a key's due time, which may be earlier than the next wake. */
  onDueChanged(dueAtMs: number | undefined): void {
    if (dueAtMs === undefined || dueAtMs >= this.#wakeAtMs) return;
    this.#sleep(Math.max(0, dueAtMs - this.#core.clock.nowMs()));
  }

  /** Runs everything that is due now. Also for tests, which move the clock first. */
  async runDue(): Promise<void> {
    for (;;) {
      const due = await this.#core.store.listDueKeys(this.#core.clock.nowMs(), roundKeys);
      for (const record of due) await this.#runKey(record);
      if (due.length < roundKeys) return;
    }
  }

  /** Stops waking; a round in progress ends first. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }

  #sleep(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel?.();
    const bounded = Math.min(delayMs, maxSleepMs);
    this.#wakeAtMs = this.#core.clock.nowMs() + bounded;
    this.#cancel = this.#core.clock.schedule(bounded, () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#running = this.#wake();
    });
  }

  async #wake(): Promise<void> {
    try {
      await this.runDue();
      const next = await this.#core.store.nextDueAtMs();
      this.#sleep(next === undefined ? maxSleepMs : Math.max(0, next - this.#core.clock.nowMs()));
    } catch (error) {
      this.#core.reportBug(randomId(), error);
      this.#sleep(retryMs);
    }
  }

  async #runKey(record: KeyRecord): Promise<void> {
    try {
      if (record.state === "pendingDestruction") await this.#destroy(record);
      else await this.#rotate(record);
    } catch (error) {
      // Somebody changed the key meanwhile: the next round sees the new row.
      if (!(error instanceof StoreConflict)) throw error;
    }
  }

  async #rotate(record: KeyRecord): Promise<void> {
    const { rotation } = record;
    const key = new KeyEntry(record, this.#core.store, this.#core.keyring);
    const nextAtMs = this.#core.clock.nowMs() + rotation.periodMs;
    await rotate(this.#core, key, "AUTOMATIC", { rotation: { ...rotation, nextAtMs } });
    await this.#record("RotateKey", key);
  }

  /** Material first, the key last: a crash in between leaves a key that is still due. */
  async #destroy(record: KeyRecord): Promise<void> {
    const { store } = this.#core;
    const { account, region, keyId } = record;
    const key = new KeyEntry(record, store, this.#core.keyring);
    for (;;) {
      const rows = await store.listKeyVersions(region, keyId, 0, pageRows);
      if (rows.length === 0) break;
      await this.#core.commit(
        rows.map(
          ({ version }): Write => ({
            op: "delete",
            table: "keyVersions",
            key: { region, keyId, version },
            revision: "any",
          }),
        ),
      );
    }
    const aliases = await store.listKeyAliases(account, region, keyId, undefined, pageRows);
    await this.#core.commit([
      ...aliases.map(
        ({ name }): Write => ({ op: "delete", table: "aliases", key: { account, region, name }, revision: "any" }),
      ),
      { op: "delete", table: "keys", key: { region, keyId }, revision: record.revision },
    ]);
    await this.#record("DeleteKey", key);
  }

  async #record(eventName: string, key: KeyEntry): Promise<void> {
    await this.#core.audit.append(
      auditEventJson({
        caller: {
          requestId: randomId(),
          wire: "aws",
          region: key.record.region,
          sourceIp: "AWS Internal",
          userAgent: "AWS Internal",
        },
        account: key.record.account,
        eventSource: "kms.amazonaws.com",
        eventName,
        readOnly: false,
        plane: "control",
        nowMs: this.#core.clock.nowMs(),
        parameters: null,
        response: null,
        keys: [key],
      }),
    );
  }
}
