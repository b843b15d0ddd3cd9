import { ServiceError } from "../../errors.ts";
import type { MountRecord } from "../../model/mount.ts";
import { mountArea } from "../../mounts/mount-areas.ts";
import { defineOperation, type Operation } from "../../pipeline/operation.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";

/** Input of every operation of an auth method: where it is mounted. */
export interface AuthMountInput {
  readonly mount: MountRecord;
}

/** What kinds of records an auth method keeps, as the area of its mount. */
export function authArea(mount: MountRecord, kind: string): string {
  return mountArea(mount, kind);
}

type Parts<Input, Output> = Pick<Operation<Input, Output>, "name" | "readOnly" | "run" | "wipe"> & {
  /** What of the input is recorded besides the mount's path: no secrets. */
  readonly record: (input: Input) => Readonly<Record<string, unknown>>;
  readonly recordOutput?: (output: Output) => Readonly<Record<string, unknown>>;
};

function common<Input extends AuthMountInput, Output>(parts: Parts<Input, Output>): Operation<Input, Output> {
  return defineOperation<Input, Output>({
    ...parts,
    plane: "control",
    eventSource: "vault.coffer",
    instanceWide: true,
    keys: [],
    record: (input) => ({ mount: input.mount.path, ...parts.record(input) }),
  });
}

/** An operation on what an auth method keeps: ACL policies, or IAM policies on the path, decide. */
export function authOperation<Input extends AuthMountInput, Output>(
  parts: Parts<Input, Output>,
): Operation<Input, Output> {
  return { ...common(parts), resources: vaultPathAccess };
}

/** A login: whoever has the credentials may. */
export function loginOperation<Input extends AuthMountInput, Output>(
  parts: Parts<Input, Output>,
): Operation<Input, Output> {
  return common(parts);
}

/** Bad input, in the original's words. */
export function refuseInput(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Nothing to write to: OpenBao's `ErrUnsupportedPath`, with its own words where it has some. */
export function refuseMissing(reason?: string): never {
  throw ServiceError.of("NotFound", { resource: "route", id: "", ...(reason === undefined ? {} : { reason }) });
}

/** A login that may not be, whoever it is: from another network, or locked out. Logins have bare words for it. */
export function refuseLogin(mount: MountRecord, reason = "permission denied"): never {
  throw ServiceError.of("AccessDenied", {
    principalArn: "anonymous",
    action: "vault:Login",
    resource: `${mount.path}/login`,
    basis: "implicitDeny",
    reason,
  });
}
