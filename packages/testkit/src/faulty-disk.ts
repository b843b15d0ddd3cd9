import { type AuditDisk, type AuditFile, nodeAuditDisk } from "@coffer/store";

/** The calls that can be made to fail. */
export const faultyCalls = ["append", "sync", "truncate", "open", "create", "syncDirectory"] as const;

export type FaultyCall = (typeof faultyCalls)[number];

/** Which calls fail: `times` of them (all unless told), once `after` have passed, on files whose path holds `file`. */
export interface FaultTiming {
  readonly times?: number;
  readonly after?: number;
  readonly file?: string;
}

/** The machine's disk, of which a test can make single calls fail. A failing append writes half of its bytes first. */
export class FaultyDisk {
  readonly disk: AuditDisk;
  readonly #faults = new Map<FaultyCall, { code: string; after: number; times: number; file: string }>();

  constructor() {
    this.disk = {
      ...nodeAuditDisk,
      open: async (path, how) => {
        this.#meet(how === "create" ? "create" : "open", path);
        return this.#wrap(await nodeAuditDisk.open(path, how), path);
      },
      syncDirectory: async (path) => {
        this.#meet("syncDirectory", path);
        await nodeAuditDisk.syncDirectory(path);
      },
    };
  }

  /** Makes a call fail with an error code. */
  fail(call: FaultyCall, code: string, when: FaultTiming = {}): void {
    const { times = Number.POSITIVE_INFINITY, after = 0, file = "" } = when;
    this.#faults.set(call, { code, after, times, file });
  }

  /** Makes everything work again. */
  heal(): void {
    this.#faults.clear();
  }

  #wrap(file: AuditFile, path: string): AuditFile {
    return {
      append: async (bytes) => {
        try {
          this.#meet("append", path);
        } catch (error) {
          await file.append(bytes.subarray(0, bytes.length / 2));
          throw error;
        }
        await file.append(bytes);
      },
      appendNow: (bytes) => {
        try {
          this.#meet("append", path);
        } catch (error) {
          file.appendNow(bytes.subarray(0, bytes.length / 2));
          throw error;
        }
        file.appendNow(bytes);
      },
      sync: async () => {
        this.#meet("sync", path);
        await file.sync();
      },
      truncate: async (bytes) => {
        this.#meet("truncate", path);
        await file.truncate(bytes);
      },
      read: (into, position) => file.read(into, position),
      stat: () => file.stat(),
      close: () => file.close(),
    };
  }

  #meet(call: FaultyCall, path: string): void {
    const fault = this.#faults.get(call);
    if (fault === undefined || !path.includes(fault.file) || fault.after-- > 0) return;
    if (--fault.times <= 0) this.#faults.delete(call);
    throw Object.assign(new Error(`injected ${fault.code}`), { code: fault.code });
  }
}
