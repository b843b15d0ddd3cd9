import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { AuditDeviceError } from "../../ports/audit-devices.ts";
import { type AuditDevice, auditDeviceArea, formatOf, type StoredAuditDevice } from "../../vault/audit-devices.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";

const eventSource = "vault.coffer";
const saltBytes = 32;
/** The original had another one. */
const formats: ReadonlySet<string> = new Set(["", "json"]);
const falsehoods: ReadonlySet<string> = new Set(["", "0", "f", "F", "false", "FALSE", "False"]);

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

export interface AuditDevicePath {
  /** Without slashes at its ends. */
  readonly path: string;
}

export interface EnableAuditDeviceInput extends AuditDevicePath {
  readonly type: string;
  readonly description: string;
  readonly options: Readonly<Record<string, string>>;
  readonly local: boolean;
}

async function readAll(core: Core): Promise<readonly AuditDevice[]> {
  const stored = await core.vaultEntries.page<StoredAuditDevice>(auditDeviceArea, undefined, limits.auditDevices.value);
  return stored.map(({ name, value }) => ({ path: name, ...value }));
}

/** Vault API: sys/audit, list enabled audit devices. There are at most `limits.auditDevices`. */
export const listAuditDevices = defineOperation<null, { readonly devices: readonly Omit<AuditDevice, "salt">[] }>({
  name: "ListAuditDevices",
  plane: "control",
  readOnly: true,
  eventSource,
  keys: [],
  resources: vaultPathAccess,
  record: () => null,
  async run({ core }) {
    return { devices: (await readAll(core)).map(({ salt: _, ...device }) => device) };
  },
});

/** @throws ServiceError InvalidInput for options that Coffer refuses whatever the type is */
function checkOptions(options: Readonly<Record<string, string>>): void {
  if (Object.keys(options).length > limits.auditDeviceOptions.value) {
    refuse(`an audit device has at most ${limits.auditDeviceOptions.value} options`);
  }
  if (options["prefix"] !== undefined) refuse("audit log prefixing is not allowed");
  if (!falsehoods.has(options["log_raw"] ?? "")) {
    refuse("log_raw is not supported: secrets are never written in the clear; audit-hash finds a value's entries");
  }
  const { format = "" } = options;
  if (!formats.has(format)) refuse(`unknown format type ${JSON.stringify(format)}`);
}

/**
 * Vault API: sys/audit/PATH, enable audit device. A test entry is written first, unless `skip_test` is `true`.
 *
 * @throws ServiceError InvalidInput
 */
export const enableAuditDevice = defineOperation<EnableAuditDeviceInput, null>({
  name: "EnableAuditDevice",
  plane: "control",
  readOnly: false,
  eventSource,
  keys: [],
  resources: vaultPathAccess,
  record: ({ path, type, description, options }) => ({ path, type, description, options }),
  async run({ core, input, request }) {
    const { path, type, description, options, local } = input;
    if (path === "") refuse("backend path must be specified");
    checkOptions(options);
    const devices = await readAll(core);
    const taken = devices.some(
      (device) => `${device.path}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${device.path}/`),
    );
    if (taken) refuse("path already in use");
    const max = limits.auditDevices.value;
    if (devices.length >= max) refuse(`an instance has at most ${max} audit devices; disable one first`);
    const salt = core.randomness.bytes(saltBytes).toString("base64");
    const stored: StoredAuditDevice = { type, description, options, local, salt };
    if (options["skip_test"] !== "true") await writeTest(core, { path, ...stored }, request.requestId);
    await core.commit([core.vaultEntries.insert(auditDeviceArea, path, stored)]);
    return null;
  },
});

async function writeTest(core: Core, device: AuditDevice, requestId: string): Promise<void> {
  try {
    await core.auditDevices.test(device, {
      type: "request",
      auth: {},
      request: { id: requestId, operation: "update", path: "sys/audit/test", remote_address: "" },
    });
  } catch (error) {
    if (!(error instanceof AuditDeviceError)) throw error;
    refuse(error.message);
  }
}

/** Vault API: sys/audit/PATH, disable audit device. As in Vault, one that is not there is no error. */
export const disableAuditDevice = defineOperation<AuditDevicePath, null>({
  name: "DisableAuditDevice",
  plane: "control",
  readOnly: false,
  eventSource,
  keys: [],
  resources: vaultPathAccess,
  record: ({ path }) => ({ path }),
  async run({ core, input }) {
    const found = await core.vaultEntries.get(auditDeviceArea, input.path);
    if (found !== undefined) await core.commit([core.vaultEntries.delete(found)]);
    return null;
  },
});

export interface HashAuditValueInput extends AuditDevicePath {
  readonly value: string;
}

/** Vault API: sys/audit-hash/PATH, calculate hash: what a value is in the device's entries. */
export const hashAuditValue = defineOperation<HashAuditValueInput, { readonly hash: string }>({
  name: "HashAuditValue",
  plane: "control",
  readOnly: true,
  eventSource,
  keys: [],
  resources: vaultPathAccess,
  record: ({ path }) => ({ path }),
  async run({ core, input: { path, value } }) {
    if (value === "") refuse('the "input" parameter is empty');
    const found = await core.vaultEntries.get<StoredAuditDevice>(auditDeviceArea, path);
    if (found === undefined) refuse(`unknown audit backend "${path}/"`);
    return { hash: formatOf(found.value).hmac(value) };
  },
});
