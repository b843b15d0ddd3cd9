import { disableMount, enableMount, findMount, listMounts, type MountRecord, ServiceError } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";

/** Vault's default and longest lease, which Transit has no use for. */
const leaseSeconds = 2_764_800;

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** A mount as Vault shows it (OpenBao, internal/vault/logical_system.go: `mountInfo`). */
function mountInfo(mount: MountRecord) {
  return {
    accessor: mount.accessor,
    config: { default_lease_ttl: 0, force_no_cache: false, max_lease_ttl: 0 },
    deprecation_status: "supported",
    description: mount.description,
    external_entropy_access: false,
    local: false,
    options: null,
    plugin_version: "",
    running_plugin_version: "",
    running_sha256: "",
    seal_wrap: false,
    type: mount.type,
    uuid: mount.uuid,
  };
}

/** The path of a mount in a request; it cannot be told from one with a slash at its end. */
function mountPath(call: VaultCall): string {
  return call.captures[0]!;
}

/** Vault API: sys/mounts, list. */
export const listMountsRoute: RouteHandler = async (call) => {
  const { mounts } = await call.execute(listMounts, null);
  const rows = mounts.map((mount) => `${JSON.stringify(`${mount.path}/`)}:${JSON.stringify(mountInfo(mount))}`);
  return { ...ok(`{${rows.join(",")}}`), repeated: true };
};

/** @throws ServiceError InvalidInput unless the engine is Transit, whose options Vault has none of */
function checkEngine(fields: Fields): void {
  const type = fields.text("type") ?? "";
  if (type === "") refuse("backend type must be specified as a string");
  if (type !== "transit") refuse(`plugin not found in the catalog: ${type.replace(/[^\w.-]/g, "?").slice(0, 64)}`);
  const options = fields.raw("options");
  if (options === undefined) return;
  if (typeof options !== "object" || Array.isArray(options)) refuse("options must be a map");
  if (Object.hasOwn(options as object, "version")) {
    refuse('secrets engine "transit" does not allow setting a version');
  }
}

/** Vault API: sys/mounts, enable secrets engine. Lease settings mean nothing to Transit: they are taken and ignored. */
export const enableMountRoute: RouteHandler = async (call) => {
  checkEngine(call.fields);
  const description = call.fields.text("description");
  await call.execute(enableMount, { path: mountPath(call), ...(description === undefined ? {} : { description }) });
  return noContent;
};

/** Vault API: sys/mounts, disable secrets engine. As in Vault, one that is not there is no error. */
export const disableMountRoute: RouteHandler = async (call) => {
  await call.execute(disableMount, { path: mountPath(call) });
  return noContent;
};

async function readMount(call: VaultCall): Promise<MountRecord | undefined> {
  const { mounts } = await call.execute(listMounts, null, "ReadMount");
  return mounts.find(({ path }) => path === mountPath(call));
}

/** Vault API: sys/mounts, get the configuration of a secrets engine. */
export const readMountRoute: RouteHandler = async (call) => {
  const mount = await readMount(call);
  if (mount === undefined) refuse(`No secret engine mount at ${mountPath(call)}/`);
  return { ...ok(JSON.stringify(mountInfo(mount))), repeated: true };
};

/** Vault API: sys/mounts, read mount configuration. */
export const readTuneRoute: RouteHandler = async (call) => {
  const path = mountPath(call).slice(0, -"/tune".length);
  const { mounts } = await call.execute(listMounts, null, "ReadMount");
  const mount = mounts.find((candidate) => candidate.path === path);
  if (mount === undefined) refuse(`cannot fetch sysview for path ${JSON.stringify(`${path}/`)}`);
  const { description } = mount;
  const data = {
    default_lease_ttl: leaseSeconds,
    description,
    force_no_cache: false,
    max_lease_ttl: leaseSeconds,
  };
  return { ...ok(JSON.stringify(data)), repeated: true };
};

/** Vault API: sys/internal/ui/mounts/PATH, by which its CLI finds the engine behind a path before it writes there. */
export const findMountRoute: RouteHandler = async (call) => {
  const path = mountPath(call);
  const { mount } = await call.execute(findMount, { path });
  if (mount === undefined) {
    const quoted = JSON.stringify(`${path}/`);
    return {
      status: 403,
      errors: [
        `preflight capability check returned 403, please ensure client's policies grant access to path ${quoted}`,
      ],
    };
  }
  return ok(JSON.stringify({ ...mountInfo(mount), path: `${mount.path}/` }));
};
