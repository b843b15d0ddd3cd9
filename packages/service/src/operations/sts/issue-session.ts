import { SecretBytes } from "@coffer/crypto";
import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { readManagedPolicy } from "../../identity/load-principal.ts";
import type { SessionFacts } from "../../identity/session-token.ts";
import { limits } from "../../limits.ts";
import { arnPrefixOfAwsPolicies } from "../../model/arn.ts";
import type { Principal, PrincipalRecord } from "../../model/principal.ts";
import { parseDocument } from "../policies/documents.ts";
import { checkTagKeys, type SessionInput } from "./session-input.ts";
import { generateSessionKeyId } from "./session-key-id.ts";

/** Temporary credentials. The caller of STS gets them, and nobody keeps them. */
export interface IssuedSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
  /** How much of the token's room the session's policies and tags take; absent where there are none. */
  readonly packedPercent?: number;
}

/** An assumed role's session. */
export interface AssumedRole {
  readonly credentials: IssuedSession;
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` */
  readonly arn: string;
  /** `AROA...:SESSION` */
  readonly assumedRoleId: string;
  readonly sourceIdentity?: string;
}

const defaultRoleSeconds = 3600;
/** STS: AssumeRole, role chaining. */
const chainedSeconds = 3600;

/**
 * How long a session of a role lasts (STS: AssumeRole, DurationSeconds).
 *
 * @throws ServiceError InvalidInput
 */
export function roleSessionSeconds(
  role: PrincipalRecord,
  caller: Principal,
  wanted: number = defaultRoleSeconds,
): number {
  if (caller.kind === "assumed-role" && wanted > chainedSeconds) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    });
  }
  if (wanted > (role.maxSessionSeconds ?? defaultRoleSeconds)) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    });
  }
  return wanted;
}

/**
 * Checks the session policies that a caller wants: they can only narrow, and must be of the role's account or of AWS.
 *
 * @throws ServiceError PolicyMalformed, InvalidInput
 */
export async function checkSessionPolicies(core: Core, account: string, input: SessionInput): Promise<void> {
  if (input.policy !== undefined) parseDocument(input.policy, "session");
  const arns = input.policyArns ?? [];
  checkTagKeys(arns);
  for (const arn of arns) {
    const own = arn.startsWith(`arn:aws:iam::${account}:policy/`) || arn.startsWith(arnPrefixOfAwsPolicies);
    if (own && (await readManagedPolicy(core.store, arn)) !== undefined) continue;
    throw ServiceError.of("InvalidInput", { kind: "validation", reason: `The policy ${arn} does not exist.` });
  }
}

/**
 * Makes temporary credentials: a secret access key, and a token that holds all there is to know of the session.
 *
 * @throws ServiceError LimitExceeded when policies and tags do not fit into a token
 */
export function issueSession(core: Core, facts: Omit<SessionFacts, "accessKeyId">): IssuedSession {
  const accessKeyId = generateSessionKeyId(core.randomness, facts.account);
  const random = core.randomness.bytes(30);
  const secretAccessKey = random.toString("base64");
  random.fill(0);
  using secret = SecretBytes.takeFrom(Buffer.from(secretAccessKey));
  const sessionToken = core.identities.sealSession(secret, { ...facts, accessKeyId });
  if (sessionToken === undefined) {
    const { name, value } = limits.sessionTokenChars;
    throw ServiceError.of("LimitExceeded", {
      limit: name,
      max: value,
      reason: "Packed policy consumes more than 100% of allotted space, please use smaller policy.",
    });
  }
  const { policy, policyArns, tags, expiresAtMs } = facts;
  const isPacked = policy !== undefined || policyArns.length > 0 || tags.length > 0;
  const packedPercent = Math.ceil((100 * sessionToken.length) / limits.sessionTokenChars.value);
  return { accessKeyId, secretAccessKey, sessionToken, expiresAtMs, ...(isPacked ? { packedPercent } : {}) };
}
