import { ServiceError } from "../../errors.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { stsEventSource } from "./assume-role.ts";
import { type IssuedSession, issueSession } from "./issue-session.ts";

export interface GetSessionTokenInput {
  /** Whole seconds, 900 to 129,600. */
  readonly durationSeconds?: number | undefined;
  /** Whether the caller showed a code of an MFA device. There are none here, so that no code is right. */
  readonly showsMfa: boolean;
}

const defaultSeconds = 43_200;
/** STS: GetSessionToken, for the account root. */
const rootSeconds = 3600;

/** AWS STS: GetSessionToken. Needs no permission, and no temporary credentials. */
export const getSessionToken = defineOperation<GetSessionTokenInput, IssuedSession>({
  name: "GetSessionToken",
  plane: "control",
  readOnly: true,
  eventSource: stsEventSource,
  keys: [],
  record: ({ durationSeconds }) => ({ durationSeconds }),
  recordOutput: ({ accessKeyId, expiresAtMs }) => ({
    credentials: { accessKeyId, expiration: new Date(expiresAtMs).toISOString() },
  }),
  run({ core, input, request, nowMs }) {
    const { principal } = request;
    const refuse = (reason: string): never => {
      throw ServiceError.of("AccessDenied", {
        principalArn: principal.arn,
        action: "sts:GetSessionToken",
        resource: "*",
        basis: "explicitDeny",
        reason,
      });
    };
    if (principal.session !== undefined || (principal.kind !== "user" && principal.kind !== "root")) {
      refuse("Cannot call GetSessionToken with session credentials");
    }
    if (input.showsMfa) refuse("MultiFactorAuthentication failed with invalid MFA one time pass code. ");
    const longest = principal.kind === "root" ? rootSeconds : Number.POSITIVE_INFINITY;
    const seconds = Math.min(input.durationSeconds ?? defaultSeconds, longest);
    return issueSession(core, {
      origin: "getSessionToken",
      account: principal.account,
      principalArn: principal.arn,
      principalId: principal.principalId,
      policyArns: [],
      tags: [],
      transitiveTagKeys: [],
      issuedAtMs: nowMs,
      expiresAtMs: nowMs + seconds * 1000,
    });
  },
});
