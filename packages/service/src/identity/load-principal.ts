import { type CompiledPolicy, parsePolicy } from "@coffer/policy";
import { invariant } from "../errors.ts";
import { limits } from "../limits.ts";
import { rootArn } from "../model/arn.ts";
import type { Principal } from "../model/principal.ts";
import type { Store } from "../ports/store.ts";
import { awsManagedPolicies } from "./aws-policies.ts";

/** The root principal of an account. */
export function rootPrincipal(account: string): Principal {
  return {
    arn: rootArn(account),
    account,
    kind: "root",
    name: "root",
    principalId: account,
    identityPolicies: [],
  };
}

const nothing = compile(
  '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}',
  "boundary",
);

/**
 * The text of a managed policy's default version.
 *
 * @returns undefined when there is no such policy
 */
export async function readManagedPolicy(store: Store, arn: string): Promise<string | undefined> {
  const ofAws = awsManagedPolicies.get(arn);
  if (ofAws !== undefined) return ofAws.document;
  const policy = await store.get("managedPolicies", { arn });
  if (policy === undefined) return undefined;
  return (await store.get("policyVersions", { policyArn: arn, version: policy.defaultVersion }))?.document;
}

/**
 * A user, a role or the root with every policy that hangs on it, compiled.
 *
 * @returns undefined when there is none of this ARN
 */
export async function loadPrincipal(store: Store, arn: string, account: string): Promise<Principal | undefined> {
  if (arn === rootArn(account)) return rootPrincipal(account);
  const record = await store.get("principals", { arn });
  if (record === undefined) return undefined;
  const inline = await store.listIdentityPolicies(arn, undefined, limits.identityPolicies.value);
  const documents = inline.map(({ document }) => document);
  const attached = await store.listAttachedPolicies(arn, undefined, limits.attachedPolicies.value);
  for (const { policyArn } of attached) {
    const document = await readManagedPolicy(store, policyArn);
    if (document !== undefined) documents.push(document);
  }
  const { kind, name, principalId, boundaryArn, tags } = record;
  return {
    arn,
    account,
    kind,
    name,
    principalId,
    identityPolicies: documents.map((document) => compile(document, "identity")),
    ...(boundaryArn === undefined ? {} : { boundary: await loadBoundary(store, boundaryArn) }),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

/** A boundary that is gone bounds to nothing. */
async function loadBoundary(store: Store, arn: string): Promise<CompiledPolicy> {
  const document = await readManagedPolicy(store, arn);
  return document === undefined ? nothing : compile(document, "boundary");
}

/** The session policies of a session; a managed one that is gone allows nothing. */
export async function loadSessionPolicies(
  store: Store,
  inline: string | undefined,
  arns: readonly string[],
): Promise<readonly CompiledPolicy[] | undefined> {
  if (inline === undefined && arns.length === 0) return undefined;
  const policies = inline === undefined ? [] : [compile(inline, "session")];
  for (const arn of arns) {
    const document = await readManagedPolicy(store, arn);
    if (document !== undefined) policies.push(compile(document, "session"));
  }
  return policies;
}

function compile(document: string, kind: "identity" | "session" | "boundary"): CompiledPolicy {
  const parsed = parsePolicy(document, kind);
  invariant(parsed.ok, "a stored policy parses");
  return parsed.policy;
}
