import { ServiceError } from "../../errors.ts";
import type { TokenRecord, VaultTokenFacts } from "../../model/principal.ts";
import { judge } from "../../pipeline/authorize.ts";
import { type Call, defineOperation, type Operation } from "../../pipeline/operation.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";

type Parts<Input, Output> = Pick<Operation<Input, Output>, "name" | "readOnly" | "run"> & {
  /** What of the input is recorded: never a token. */
  readonly record: (input: Input) => Readonly<Record<string, unknown>>;
  readonly recordOutput?: (output: Output) => Readonly<Record<string, unknown>>;
};

/** What whoever holds a token may do with it, whatever policies say. */
export function ownTokenOperation<Input, Output>(parts: Parts<Input, Output>): Operation<Input, Output> {
  return defineOperation<Input, Output>({
    ...parts,
    plane: "control",
    eventSource: "vault.coffer",
    instanceWide: true,
    keys: [],
  });
}

/** An operation on tokens, their roles or leases: ACL policies, or IAM policies on the path, decide. */
export function tokenOperation<Input, Output>(parts: Parts<Input, Output>): Operation<Input, Output> {
  return { ...ownTokenOperation(parts), resources: vaultPathAccess };
}

/** Bad input, in the original's words. */
export function refuseInput(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** A token that the Vault API made. */
export type VaultTokenRecord = TokenRecord & { readonly vault: VaultTokenFacts };

export function isVaultToken(record: TokenRecord): record is VaultTokenRecord {
  return record.vault !== undefined;
}

/** Whether the caller may do what its path gives to `sudo` (OpenBao: `SudoPrivilege`). IAM principals need `vault:Sudo`. */
export async function hasSudo({ core, request, nowMs }: Call<unknown>): Promise<boolean> {
  const { principal, vault } = request;
  const path = vault?.path ?? "";
  if (principal.kind === "vault" && principal.token !== undefined) {
    const acl = await core.vaultAcls.of(principal.token);
    return acl.decide({ path, operation: "update", nowMs }).sudo;
  }
  const resource = `arn:aws:vault:${request.region}:${principal.account}:${path}`;
  return judge({ request, action: "vault:Sudo", key: undefined, resource, nowMs }).decision.allowed;
}

/** Whether the caller is all-powerful: the account root, or whoever has Vault's policy `root`. */
export function isRootCaller({ request }: Call<unknown>): boolean {
  const { principal } = request;
  return principal.kind === "root" || principal.token?.vaultPolicies.includes("root") === true;
}
