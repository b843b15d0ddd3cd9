import {
  type AssumedRole,
  assumeRole,
  assumeRoleWithWebIdentity,
  authenticateWebIdentity,
  getAccessKeyInfo,
  getCallerIdentity,
  getSessionToken,
  type IssuedSession,
} from "@coffer/service";
import { codecsOf, type QueryRow, rowsOf } from "../query/codec.ts";
import type { AssumeRoleRequest, OperationTypes } from "./generated/types.ts";
import { stsModel } from "./model.ts";

const define = codecsOf<OperationTypes>(stsModel);

function encodeCredentials({ accessKeyId, secretAccessKey, sessionToken, expiresAtMs }: IssuedSession) {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: Math.floor(expiresAtMs / 1000),
  };
}

/** What both ways to assume a role answer. */
export function encodeAssumedRole({ credentials, arn, assumedRoleId, sourceIdentity }: AssumedRole) {
  return {
    Credentials: encodeCredentials(credentials),
    AssumedRoleUser: { AssumedRoleId: assumedRoleId, Arn: arn },
    PackedPolicySize: credentials.packedPercent,
    SourceIdentity: sourceIdentity,
  };
}

/** What both ways to assume a role take. */
export function decodeSession(
  input: Pick<AssumeRoleRequest, "RoleArn" | "RoleSessionName" | "DurationSeconds" | "Policy" | "PolicyArns">,
) {
  return {
    roleArn: input.RoleArn,
    sessionName: input.RoleSessionName,
    durationSeconds: input.DurationSeconds,
    policy: input.Policy,
    policyArns: input.PolicyArns?.map(({ arn }) => arn ?? ""),
  };
}

const built: readonly QueryRow[] = [
  define("GetCallerIdentity", {
    operation: getCallerIdentity,
    takesUserSessions: true,
    decode: () => null,
    encode: ({ arn, principalId, account }) => ({ UserId: principalId, Account: account, Arn: arn }),
  }),
  define("AssumeRole", {
    operation: assumeRole,
    takesUserSessions: true,
    decode: (input) => ({
      ...decodeSession(input),
      externalId: input.ExternalId,
      tags: input.Tags?.map(({ Key, Value }) => ({ key: Key, value: Value })),
      transitiveTagKeys: input.TransitiveTagKeys,
      sourceIdentity: input.SourceIdentity,
    }),
    encode: encodeAssumedRole,
  }),
  define("AssumeRoleWithWebIdentity", {
    operation: assumeRoleWithWebIdentity,
    authenticate: (core, { WebIdentityToken, RoleArn }) => authenticateWebIdentity(core, WebIdentityToken, RoleArn),
    decode: decodeSession,
    encode: (assumed) => ({
      ...encodeAssumedRole(assumed),
      SubjectFromWebIdentityToken: assumed.subject,
      Provider: assumed.provider,
      Audience: assumed.audience,
    }),
  }),
  define("GetSessionToken", {
    operation: getSessionToken,
    decode: ({ DurationSeconds, SerialNumber, TokenCode }) => ({
      durationSeconds: DurationSeconds,
      showsMfa: SerialNumber !== undefined || TokenCode !== undefined,
    }),
    encode: (session) => ({ Credentials: encodeCredentials(session) }),
  }),
  define("GetAccessKeyInfo", {
    operation: getAccessKeyInfo,
    decode: ({ AccessKeyId }) => ({ accessKeyId: AccessKeyId }),
    encode: ({ account }) => ({ Account: account }),
  }),
];

/** Every operation of the model, by name. */
export const stsRows = rowsOf(stsModel, built);
