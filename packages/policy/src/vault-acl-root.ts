/** TEMPORARY, until `vault-acl/` is there: only the policy `root` gives anything. Delete this file then. */
export interface VaultPolicy {
  readonly text: string;
}

export interface VaultAclRequest {
  readonly path: string;
  readonly operation: "create" | "read" | "update" | "patch" | "delete" | "list";
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly wrapTtlSeconds?: number;
  readonly nowMs?: number;
}

export interface VaultAclDecision {
  readonly allowed: boolean;
  readonly sudo: boolean;
  readonly wanted: VaultAclRequest["operation"];
  readonly reason: string;
  readonly parameter?: string;
  readonly rules: readonly { policy: string; line: number; path: string; capabilities: readonly string[] }[];
}

export interface VaultAcl {
  readonly root: boolean;
  decide(request: VaultAclRequest): VaultAclDecision;
  capabilities(path: string): readonly string[];
}

/** The policy `default`. */
export const defaultVaultPolicy = "";

/** Parses nothing yet. */
export function parseVaultPolicy(text: string): { ok: true; policy: VaultPolicy } | { ok: false; reason: string } {
  return { ok: true, policy: { text } };
}

/** Only `root` counts. */
export function compileVaultAcl(policies: readonly { name: string; policy: VaultPolicy }[]): VaultAcl {
  const root = policies.some(({ name }) => name === "root");
  return {
    root,
    decide: ({ operation }) => ({
      allowed: root,
      sudo: root,
      wanted: operation,
      reason: root ? "root" : "noRule",
      rules: [],
    }),
    capabilities: () => [root ? "root" : "deny"],
  };
}
