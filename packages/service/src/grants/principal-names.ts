import { rootArn } from "../model/arn.ts";
import type { Principal } from "../model/principal.ts";

/** A name that a grant may have given to a caller. */
export interface GrantedName {
  readonly name: string;
  /** The account was named, so its identity policies have the say for everybody but its root. */
  readonly throughAccount: boolean;
}

/** The names by which a grant may mean a caller, its own first. */
export function namesOf({ arn, roleArn, account, kind }: Principal): readonly GrantedName[] {
  const own = { name: arn, throughAccount: false };
  if (kind === "root") return [own];
  // What is granted to a role holds for its sessions.
  const role = roleArn === undefined ? [] : [{ name: roleArn, throughAccount: false }];
  return [own, ...role, { name: rootArn(account), throughAccount: true }];
}
