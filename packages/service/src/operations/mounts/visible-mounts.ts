import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { MountRecord } from "../../model/mount.ts";
import { authorize } from "../../pipeline/authorize.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import type { MountInput } from "./mount-operations.ts";

/** Who a list of mounts is for. */
interface Viewer {
  /** Whether it is anybody at all: without a token, only what its mount shows to everybody. */
  readonly known: boolean;
  sees(mount: MountRecord): boolean;
}

/** IAM principals see all mounts, or none beyond those that everybody sees. */
function mayList({ request, nowMs }: Call<unknown>): boolean {
  try {
    authorize({ request, action: "coffer:ListMounts", key: undefined, resource: "*", nowMs });
    return true;
  } catch (error) {
    if (error instanceof ServiceError && error.code === "AccessDenied") return false;
    throw error;
  }
}

async function viewerOf(call: Call<unknown>): Promise<Viewer> {
  const { core, request, nowMs } = call;
  const { kind, token } = request.principal;
  const isOpen = ({ config }: MountRecord) => config.listingVisibility === "unauth";
  if (kind !== "vault") {
    const seesAll = mayList(call);
    return { known: true, sees: (mount) => seesAll || isOpen(mount) };
  }
  if (token === undefined) return { known: false, sees: isOpen };
  const acl = await core.vaultAcls.of(token);
  return { known: true, sees: (mount) => isOpen(mount) || acl.reachesBelow(`${mount.path}/`, nowMs) };
}

export interface VisibleMounts {
  readonly mounts: readonly MountRecord[];
  /** Whether all of a mount may be told, or its type and description alone. */
  readonly known: boolean;
}

/** Vault API: sys/internal/ui/mounts. The mounts below which the caller may do anything, and those that everybody sees. */
export const listVisibleMounts = defineOperation<null, VisibleMounts>({
  name: "ListVisibleMounts",
  plane: "control",
  readOnly: true,
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  record: () => null,
  async run(call) {
    const { known, sees } = await viewerOf(call);
    const mounts = [...(await call.core.mounts.all()).values()].filter(sees);
    return { known, mounts: mounts.sort((left, right) => (left.path < right.path ? -1 : 1)) };
  },
});

/**
 * Vault API: sys/internal/ui/mounts/PATH. The mount that a path lies on, if the caller may do anything below it: undefined
 * otherwise, so that nobody finds mounts out by trying.
 */
export const findMount = defineOperation<MountInput, { readonly mount: MountRecord | undefined }>({
  name: "FindMount",
  plane: "control",
  readOnly: true,
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  record: ({ path }) => ({ path }),
  async run(call) {
    const mount = await matching(call.core, call.input.path);
    if (mount === undefined) return { mount };
    const { principal } = call.request;
    if (principal.kind !== "vault") return { mount };
    if (principal.token === undefined) return { mount: undefined };
    const acl = await call.core.vaultAcls.of(principal.token);
    return { mount: acl.reachesBelow(`${mount.path}/`, call.nowMs) ? mount : undefined };
  },
});

async function matching(core: Core, path: string): Promise<MountRecord | undefined> {
  return (await core.mounts.match(path))?.mount;
}
