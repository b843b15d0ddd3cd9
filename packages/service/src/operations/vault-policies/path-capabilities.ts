import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import type { Principal } from "../../model/principal.ts";
import { judge } from "../../pipeline/authorize.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import { transitActionsOf, transitAliasPrefix } from "../../vault/transit-actions.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";

/** Whose capabilities are asked for: one's own, or those behind a token or an accessor. */
export type CapabilitiesSubject =
  | { readonly by: "self" }
  | { readonly by: "token"; readonly token: string }
  | { readonly by: "accessor"; readonly accessor: string };

export interface PathCapabilitiesInput {
  readonly subject: CapabilitiesSubject;
  readonly paths: readonly string[];
}

/** The capabilities of each path, in the order of the paths. */
export interface PathCapabilitiesOutput {
  readonly paths: readonly { readonly path: string; readonly capabilities: readonly string[] }[];
}

/**
 * Vault API: sys/capabilities, sys/capabilities-self and sys/capabilities-accessor. For tokens of IAM principals it says what
 * their policies and the keys' policies allow of a request without an encryption context, grants apart.
 *
 * Errors: InvalidInput for a token or accessor that is none.
 */
export const pathCapabilities = defineOperation<PathCapabilitiesInput, PathCapabilitiesOutput>({
  name: "PathCapabilities",
  plane: "control",
  readOnly: true,
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  // What one may do oneself is no secret; ACL policies were asked for the path itself.
  resources: (input, request) => (input.subject.by === "self" ? [] : vaultPathAccess(input, request)),
  record: ({ subject, paths }) => ({
    of: subject.by,
    ...(subject.by === "accessor" ? { accessor: subject.accessor } : {}),
    paths,
  }),
  async run(call) {
    const principal = await findSubject(call);
    const rows: { path: string; capabilities: readonly string[] }[] = [];
    for (const path of new Set(call.input.paths)) {
      rows.push({ path, capabilities: await capabilitiesOf(call, principal, path) });
    }
    return { paths: rows };
  },
});

async function findSubject({ core, input, request }: Call<PathCapabilitiesInput>): Promise<Principal> {
  const { subject } = input;
  if (subject.by === "self") return request.principal;
  if (subject.by === "token") return (await core.identities.findToken(subject.token)) ?? refuse("invalid token");
  const record = await core.store.findTokenByAccessor(subject.accessor);
  const found = record === undefined ? undefined : await core.identities.findTokenByDigest(record.digest);
  return found ?? refuse("invalid accessor");
}

function refuse(problem: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason: `1 error occurred:\n\t* ${problem}\n\n` });
}

async function capabilitiesOf(
  call: Call<PathCapabilitiesInput>,
  principal: Principal,
  path: string,
): Promise<readonly string[]> {
  if (principal.kind === "root") return ["root"];
  if (principal.kind === "vault" && principal.token !== undefined) {
    return (await call.core.vaultAcls.of(principal.token)).capabilities(path, call.nowMs);
  }
  const found = await iamCapabilities(call, principal, path.replace(/^\/+/, ""));
  return found.length === 0 ? ["deny"] : found;
}

const capabilities = ["create", "delete", "list", "patch", "read", "sudo", "update"] as const;

async function iamCapabilities(
  { core, request, nowMs }: Call<PathCapabilitiesInput>,
  principal: Principal,
  path: string,
): Promise<string[]> {
  const allows = (action: string, resource: string, key?: KeyEntry) => {
    const question = { request: { ...request, principal }, action, key, resource, nowMs };
    return judge(question).decision.allowed;
  };
  const match = await core.mounts.match(path.replace(/\/$/, ""));
  if (match?.mount.type !== "transit") {
    const resource = `arn:aws:vault:${request.region}:${principal.account}:${path}`;
    return capabilities.filter((each) => allows(`vault:${each.charAt(0).toUpperCase()}${each.slice(1)}`, resource));
  }
  const found = new Set<string>();
  for (const { row, name } of transitActionsOf(match.rest)) {
    const key =
      row.keyless === true ? undefined : await findKey(core, `${transitAliasPrefix(match.mount.path)}${name}`);
    if (key === undefined && row.keyless !== true) continue;
    if (row.actions.every((action) => allows(action, key?.arn ?? "*", key))) found.add(row.capability);
  }
  return [...found].sort();
}

async function findKey(core: Core, alias: string): Promise<KeyEntry | undefined> {
  const keyId = await core.keys.findAlias(core.account, core.homeRegion, alias);
  return keyId === undefined ? undefined : core.keys.find(core.homeRegion, keyId);
}
