import type { MountRecord, Principal, VaultAccess, VaultAuditAuth, VaultAuditEntry } from "@coffer/service";
import type { VaultOperation } from "../http/call.ts";
import type { VaultResult } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";

/** What is known of a request when an entry of it is written. */
export interface AuditedRequest {
  readonly context: {
    readonly requestId: string;
    readonly sourceIp: string;
    readonly principal?: Principal | undefined;
    readonly vault?: VaultAccess | undefined;
  };
  /** Below `/v1/`. */
  readonly path: string;
  readonly operation: VaultOperation | "create";
  readonly token: string | undefined;
  /** Absent when they were not read. */
  readonly fields: Fields | undefined;
  readonly mount: MountRecord | undefined;
  readonly mountType: string;
  /** Seconds. */
  readonly wrapTtlSeconds: number | undefined;
  readonly nowMs: number;
}

function authOf({ context, token, nowMs }: AuditedRequest): VaultAuditAuth {
  const { principal, vault } = context;
  const record = principal?.token;
  if (record === undefined) return {};
  const { accessor, displayName, vaultPolicies, createdAtMs, expiresAtMs, vault: facts } = record;
  const decision = vault?.decision;
  const granting = [...new Set(decision?.rules.map(({ policy }) => policy) ?? [])];
  return {
    client_token: token,
    accessor,
    display_name: displayName,
    policies: vaultPolicies,
    token_policies: vaultPolicies,
    policy_results: decision && {
      allowed: decision.allowed,
      granting_policies: decision.allowed ? granting.map((name) => ({ name, namespace_id: "root", type: "acl" })) : [],
    },
    metadata: facts?.meta,
    entity_id: facts?.entityId,
    remaining_uses: facts?.numUses,
    token_type: facts?.type ?? "service",
    token_ttl: expiresAtMs === undefined ? 0 : Math.max(0, Math.floor((expiresAtMs - nowMs) / 1000)),
    token_issue_time: new Date(createdAtMs).toISOString(),
  };
}

function requestOf(audited: AuditedRequest): VaultAuditEntry["request"] {
  const { context, path, operation, token, fields, mount, mountType, wrapTtlSeconds } = audited;
  return {
    id: context.requestId,
    operation,
    mount_point: mount === undefined ? undefined : `${mount.path}/`,
    mount_type: mountType,
    mount_accessor: mount?.accessor,
    client_token: token,
    client_token_accessor: context.principal?.token?.accessor,
    path,
    data: fields?.values,
    remote_address: context.sourceIp,
    wrap_ttl: wrapTtlSeconds,
  };
}

/** Parameters that a mount's administrators want to read in its entries (Vault API: tune, `audit_non_hmac_*`). */
function plainKeys(mount: MountRecord | undefined): Pick<VaultAuditEntry, "plainRequestKeys" | "plainResponseKeys"> {
  return {
    plainRequestKeys: mount?.config.auditNonHmacRequestKeys,
    plainResponseKeys: mount?.config.auditNonHmacResponseKeys,
  };
}

/** The entry of a request, before anything is done. @param error why it is refused; empty when it is not */
export function requestEntry(audited: AuditedRequest, error = ""): VaultAuditEntry {
  return {
    type: "request",
    auth: authOf(audited),
    request: requestOf(audited),
    token: audited.context.principal?.token,
    error,
    ...plainKeys(audited.mount),
  };
}

/** The entry of an answer, before it goes out. */
export function responseEntry(audited: AuditedRequest, result: VaultResult, error = ""): VaultAuditEntry {
  const { mount, mountType } = audited;
  const { data, auth, wrapInfo, leaseId, warnings, errors } = result;
  const refused = error === "" && errors !== undefined ? errors.join("; ") : error;
  return {
    type: "response",
    auth: authOf(audited),
    request: requestOf(audited),
    response: {
      mount_point: mount === undefined ? undefined : `${mount.path}/`,
      mount_type: mountType,
      mount_accessor: mount?.accessor,
      auth: auth === undefined ? undefined : madeAuth(JSON.parse(auth)),
      secret: leaseId === undefined ? undefined : { lease_id: leaseId },
      data: data === undefined ? undefined : JSON.parse(data),
      warnings,
      wrap_info: wrapInfo === undefined ? undefined : JSON.parse(wrapInfo),
    },
    error: refused,
    token: audited.context.principal?.token,
    ...plainKeys(mount),
  };
}

/** The `auth` of an answer, in the words that entries have for it. */
function madeAuth(auth: Readonly<Record<string, unknown>>): VaultAuditAuth {
  return {
    client_token: auth["client_token"] as string,
    accessor: auth["accessor"] as string,
    policies: auth["policies"] as string[],
    token_policies: auth["token_policies"] as string[],
    metadata: auth["metadata"] as Record<string, string> | null,
    num_uses: auth["num_uses"] as number,
    entity_id: auth["entity_id"] as string,
    token_type: auth["token_type"] as string,
    token_ttl: auth["lease_duration"] as number,
  };
}
