import { hmacSha256 } from "@coffer/crypto";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { AuditDeviceSink, AuditDeviceSinks } from "../ports/audit-devices.ts";
import type { Clock } from "../ports/clock.ts";
import type { Write } from "../ports/store.ts";
import { formatAuditEntry, type VaultAuditEntry, type VaultAuditFormat, type VaultAuditMemo } from "./audit-entry.ts";
import type { VaultEntries } from "./vault-entries.ts";

/** Where audit devices are kept, by path. */
export const auditDeviceArea = "sys/audit";

/** An audit device as it was enabled (Vault API: sys/audit). */
export interface StoredAuditDevice {
  readonly type: string;
  readonly description: string;
  readonly options: Readonly<Record<string, string>>;
  readonly local: boolean;
  /** Base64 of the key of its HMACs. */
  readonly salt: string;
}

/** An audit device with its path, which has no slash at its end. */
export interface AuditDevice extends StoredAuditDevice {
  readonly path: string;
}

interface OpenDevice {
  readonly device: AuditDevice;
  readonly format: VaultAuditFormat;
  /** Undefined when it could not be opened. */
  readonly sink: AuditDeviceSink | undefined;
  /** Whether the last entry got through. */
  well: boolean;
}

const truths: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);

/** How a device writes, by its options. */
export function formatOf({ options, salt }: StoredAuditDevice): VaultAuditFormat {
  const key = Buffer.from(salt, "base64");
  const { hmac_accessor: hmacAccessor = "true", elide_list_responses: elide = "false" } = options;
  return {
    hmac: (value) => `hmac-sha256:${hmacSha256(key, value).toString("hex")}`,
    hmacAccessor: truths.has(hmacAccessor),
    elideListResponses: truths.has(elide),
    credentials: new WeakMap(),
  };
}

/**
 * The audit devices of the Vault API: each request and each answer is written to all of them, and goes on when one has it.
 * When none can be written, requests are refused. A device that failed is tried again with each entry, and waited for only
 * while no other one is well: a dead collector does not hold up requests that a file records. They stand beside the
 * audit trail, which records every request whether there are devices or not.
 */
export class AuditDevices {
  readonly #entries: VaultEntries;
  readonly #sinks: AuditDeviceSinks;
  readonly #clock: Clock;
  readonly #tellOperator: (line: string) => void;
  #open: ReadonlyMap<string, OpenDevice> | undefined;
  #loading: Promise<void> | undefined;

  constructor(parts: {
    readonly entries: VaultEntries;
    readonly sinks: AuditDeviceSinks;
    readonly clock: Clock;
    readonly tellOperator: (line: string) => void;
  }) {
    this.#entries = parts.entries;
    this.#sinks = parts.sinks;
    this.#clock = parts.clock;
    this.#tellOperator = parts.tellOperator;
  }

  /** Whether it is known that there are none: the usual case, which costs nothing. */
  get isEmpty(): boolean {
    return this.#open?.size === 0;
  }

  /**
   * Writes an entry to every device.
   *
   * @param entry is made only when there is a device
   * @param memo of the request
   * @throws ServiceError AuditUnavailable when no device could be written
   */
  async log(entry: () => VaultAuditEntry, memo: VaultAuditMemo): Promise<void> {
    const open = this.#open ?? (await this.#load());
    if (open.size === 0) return;
    const made = entry();
    const nowMs = this.#clock.nowMs();
    const devices = [...open.values()];
    const isWell = devices.map(({ well }) => well);
    const writes = devices.map((device) => this.#write(device, formatAuditEntry(made, device.format, nowMs, memo)));
    const awaited = isWell.includes(true) ? writes.filter((_, index) => isWell[index]) : writes;
    if ((await Promise.all(awaited)).includes(true)) return;
    if (awaited.length < writes.length && (await Promise.all(writes)).includes(true)) return;
    throw ServiceError.of("AuditUnavailable", {
      reason: "No audit device can be written, so requests are refused; sys/audit lists the devices.",
    });
  }

  /**
   * Opens what a new device writes to, and writes a test entry.
   *
   * @throws AuditDeviceError
   */
  async test(device: AuditDevice, entry: VaultAuditEntry): Promise<void> {
    const sink = this.#sinks.open(device.type, device.options);
    try {
      await sink.write(formatAuditEntry(entry, formatOf(device), this.#clock.nowMs(), new WeakMap()));
    } finally {
      await sink.close();
    }
  }

  /** Opens files anew after a log rotation, and makes connections anew. */
  reopen(): void {
    for (const { sink } of this.#open?.values() ?? []) sink?.reopen();
  }

  /** Drops from memory what the writes changed. Called once after each commit. */
  forget(writes: readonly Write[]): void {
    const touched = writes.some(
      (write) =>
        write.table === "vaultEntries" && (write.op === "delete" ? write.key : write.row).area === auditDeviceArea,
    );
    if (!touched) return;
    const open = this.#open;
    this.#open = undefined;
    this.#loading = undefined;
    void closeAll(open);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = new Map();
    await closeAll(open);
  }

  async #load(): Promise<ReadonlyMap<string, OpenDevice>> {
    this.#loading ??= this.#openAll();
    const mine = this.#loading;
    await mine;
    // What was enabled or disabled meanwhile counts.
    return this.#open ?? (this.#loading === mine ? new Map() : this.#load());
  }

  async #openAll(): Promise<void> {
    const stored = await this.#entries.page<StoredAuditDevice>(auditDeviceArea, undefined, limits.auditDevices.value);
    this.#open = new Map(
      stored.map(({ name, value }) => {
        const device = { path: name, ...value };
        return [name, { device, format: formatOf(value), sink: this.#openOne(device), well: true }];
      }),
    );
  }

  #openOne({ path, type, options }: AuditDevice): AuditDeviceSink | undefined {
    try {
      return this.#sinks.open(type, options);
    } catch (error) {
      this.#tellOperator(`the audit device ${path}/ cannot be opened: ${(error as Error).message}`);
      return undefined;
    }
  }

  async #write(device: OpenDevice, line: string): Promise<boolean> {
    const { device: of, sink } = device;
    try {
      if (sink === undefined) {
        device.well = false;
        return false;
      }
      await sink.write(line);
      if (!device.well) this.#tellOperator(`the audit device ${of.path}/ works again`);
      device.well = true;
      return true;
    } catch (error) {
      if (device.well) this.#tellOperator(`the audit device ${of.path}/ failed: ${(error as Error).message}`);
      device.well = false;
      return false;
    }
  }
}

async function closeAll(open: ReadonlyMap<string, OpenDevice> | undefined): Promise<void> {
  await Promise.all([...(open?.values() ?? [])].map(({ sink }) => sink?.close()));
}
