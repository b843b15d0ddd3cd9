import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { iamArn, rootArn } from "../../model/arn.ts";
import type { IamNameKind, IamTag, Principal } from "../../model/principal.ts";
import { authorize } from "../../pipeline/authorize.ts";
import type { Call, Operation } from "../../pipeline/operation.ts";
import type { Write } from "../../ports/store.ts";
import { conditionsOf, resourceTagConditions } from "../sts/session-input.ts";

/** A user or role by its name, whatever its path. */
export interface PrincipalName {
  readonly kind: "user" | "role";
  /** Absent for the caller itself, where IAM allows that. */
  readonly name?: string | undefined;
}

const namePattern = /^[\w+=,.@-]+$/;
const pathPattern = /^\/(?:[\x21-\x7e]+\/)?$/;

/** @throws ServiceError InvalidInput */
export function checkName(name: string, member = "name", max: number = limits.principalNameChars.value): void {
  if (namePattern.test(name) && name.length <= max) return;
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    member,
    reason: `A name has 1 to ${max} letters, digits or any of +=,.@_-`,
  });
}

/** @throws ServiceError InvalidInput unless `path` is `/`, or begins and ends with one */
export function checkPath(path: string): void {
  if (pathPattern.test(path) && path.length <= limits.pathChars.value) return;
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    member: "path",
    reason: `A path begins and ends with a slash and has at most ${limits.pathChars.value} visible characters.`,
  });
}

/** The write that takes a name. It fails when somebody has it. */
export function takeName(account: string, kind: IamNameKind, name: string, arn: string): Write {
  return { op: "insert", table: "iamNames", row: { account, kind, name, arn, revision: 1 } };
}

/** The write that gives a name back. */
export function freeName(account: string, kind: IamNameKind, name: string): Write {
  return { op: "delete", table: "iamNames", key: { account, kind, name }, revision: "any" };
}

/** IAM's sentence for a user or role that is not there. */
export function missingPrincipal({ kind, name = "" }: PrincipalName, arn: string): ServiceError {
  const reason = `The ${kind} with name ${name} cannot be found.`;
  return ServiceError.of("NotFound", { resource: "principal", id: arn, reason });
}

/** Who is meant by no name: the caller, unless it is a role. */
function ownArn(principal: Principal): string {
  if (principal.kind === "user") return principal.arn;
  if (principal.kind === "root") return rootArn(principal.account);
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    reason: "Must specify userName when calling with non-User credentials",
  });
}

/** The condition keys of a user or role, for the policies that decide on it. */
export function principalConditions(tags: readonly IamTag[], more: readonly [string, readonly string[]][] = []) {
  return () => conditionsOf([...resourceTagConditions(tags), ...more]);
}

/**
 * Makes an operation on an ARN one on a name: IAM's own API names users and roles so. The name is looked up first, so
 * that the policies decide on the ARN with its path.
 */
export function byName<Input extends { readonly principalArn: string }, Output>(
  operation: Operation<Input, Output>,
): Operation<Omit<Input, "principalArn"> & PrincipalName, Output> {
  const { resources = () => [], conditions, record, keys: _keys, check: _check, quota: _quota, ...rest } = operation;
  const withArn = (input: Omit<Input, "principalArn"> & PrincipalName, principalArn: string) =>
    ({ ...input, principalArn }) as unknown as Input;
  return {
    ...rest,
    keys: [],
    record: (input) => {
      const { principalArn: _arn, ...others } = { ...record(withArn(input, "")) };
      return { [`${input.kind}Name`]: input.name, ...others };
    },
    async run(call) {
      const { core, request, input, nowMs } = call;
      const { account } = request.principal;
      const found = await findArn(core, request.principal, input);
      const arn = found ?? iamArn(account, input.kind, "/", input.name ?? "");
      const stored = await core.store.get("principals", { arn });
      const inner = withArn(input, arn);
      const own = conditions?.(inner);
      const asked = principalConditions(stored?.tags ?? [], own === undefined ? [] : [...own]);
      for (const { action, resource } of resources(inner, request)) {
        authorize({ request, action, resource, key: undefined, conditions: asked, nowMs });
      }
      if (found === undefined) throw missingPrincipal(input, arn);
      return operation.run({ ...call, input: inner } as Call<Input>);
    },
  };
}

async function findArn(core: Core, principal: Principal, { kind, name }: PrincipalName): Promise<string | undefined> {
  if (name === undefined) return ownArn(principal);
  return (await core.store.get("iamNames", { account: principal.account, kind, name }))?.arn;
}
