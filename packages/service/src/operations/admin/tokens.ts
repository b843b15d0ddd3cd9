import { sha256Hex } from "@coffer/crypto";
import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { rootArn } from "../../model/arn.ts";
import type { TokenRecord } from "../../model/principal.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { Write } from "../../ports/store.ts";
import { checkRange, checkText } from "../checks.ts";
import { dayMs } from "../shared.ts";
import type { CredentialInput } from "./credentials.ts";
import { checkOwnPrincipal, principalChanged, refuseRootCredential } from "./own-principal.ts";
import { adminEventSource } from "./principals.ts";

/** A token as Vault makes them: `hvs.` and random characters. Shown once. */
export interface NewToken {
  readonly record: TokenRecord;
  readonly token: string;
}

/** Generates a token of 192 random bits for a principal, or takes the given one (dev mode); nothing is stored yet. */
export function generateToken(
  core: Pick<Core, "clock" | "randomness">,
  principal: string,
  account: string,
  options: { readonly displayName: string; readonly expiresAtMs?: number | undefined; readonly token?: string },
): NewToken {
  const token = options.token ?? `hvs.${core.randomness.bytes(24).toString("base64url")}`;
  const root = principal === rootArn(account);
  const record: TokenRecord = {
    digest: sha256Hex(token),
    // In hex: an accessor is typed on command lines, where a leading dash would be an option.
    accessor: core.randomness.bytes(18).toString("hex"),
    principalArn: principal,
    account,
    displayName: options.displayName,
    vaultPolicies: [root ? "root" : "default"],
    createdAtMs: core.clock.nowMs(),
    ...(options.expiresAtMs === undefined ? {} : { expiresAtMs: options.expiresAtMs }),
    revision: 1,
  };
  return { record, token };
}

export interface CreateTokenInput extends CredentialInput {
  readonly displayName?: string | undefined;
  /** Up to ten years; for ever when absent. */
  readonly lifetimeMs?: number | undefined;
}

/** Makes a bearer and Vault token for a principal. Its expired tokens are cleared away. */
export const createToken = defineOperation<CreateTokenInput, NewToken>({
  name: "CreateToken",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "coffer:CreateToken", resource: principalArn }],
  record: ({ principalArn, displayName, lifetimeMs }) => ({ principalArn, displayName, lifetimeMs }),
  recordOutput: ({ record }) => ({ accessor: record.accessor }),
  async run({ core, input, request, nowMs }) {
    const { principalArn, displayName = "token", lifetimeMs } = input;
    checkText(displayName, "displayName", limits.tokenNameChars.value);
    if (lifetimeMs !== undefined) checkRange(lifetimeMs, "lifetimeMs", 1, limits.tokenLifetimeDays.value * dayMs);
    refuseRootCredential(request, "coffer:CreateToken", principalArn);
    const changed = await principalChanged(core, principalArn, request);
    const cleared = await clearExpired(core, principalArn, nowMs);
    const created = generateToken(core, principalArn, request.principal.account, {
      displayName,
      expiresAtMs: lifetimeMs === undefined ? undefined : nowMs + lifetimeMs,
    });
    await core.commit([...changed, ...cleared, { op: "insert", table: "tokens", row: created.record }]);
    return created;
  },
});

/** @throws ServiceError LimitExceeded when the principal has too many tokens that have not expired */
export async function clearExpired(core: Core, principalArn: string, nowMs: number): Promise<Write[]> {
  const max = limits.tokensPerPrincipal.value;
  const tokens = await core.store.listTokens(principalArn, undefined, max);
  const expired = tokens.filter(({ expiresAtMs }) => expiresAtMs !== undefined && expiresAtMs <= nowMs);
  if (tokens.length - expired.length >= max) {
    throw ServiceError.of("LimitExceeded", {
      limit: limits.tokensPerPrincipal.name,
      max,
      reason: `A principal has at most ${max} tokens; revoke one first.`,
    });
  }
  return expired.map(({ digest }) => ({ op: "delete", table: "tokens", key: { digest }, revision: "any" }));
}

/** Revokes a principal's token by its accessor, at once. */
export const revokeToken = defineOperation<CredentialInput & { readonly accessor: string }, null>({
  name: "RevokeToken",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ principalArn }) => [{ action: "coffer:RevokeToken", resource: principalArn }],
  record: ({ principalArn, accessor }) => ({ principalArn, accessor }),
  async run({ core, input, request }) {
    await checkOwnPrincipal(core, input.principalArn, request);
    refuseRootCredential(request, "coffer:RevokeToken", input.principalArn);
    const tokens = await core.store.listTokens(input.principalArn, undefined, limits.tokensPerPrincipal.value);
    const found = tokens.find(({ accessor }) => accessor === input.accessor);
    if (found === undefined) throw ServiceError.of("NotFound", { resource: "token", id: input.accessor });
    await core.commit([{ op: "delete", table: "tokens", key: { digest: found.digest }, revision: found.revision }]);
    return null;
  },
});

/** Vault API: auth/token/revoke-self. Whoever holds a token may always give it up. */
export const revokeOwnToken = defineOperation<null, null>({
  name: "RevokeOwnToken",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  record: () => null,
  async run({ core, request }) {
    const { token } = request.principal;
    if (token === undefined) throw ServiceError.of("NotFound", { resource: "token", id: "self" });
    await core.commit([{ op: "delete", table: "tokens", key: { digest: token.digest }, revision: "any" }]);
    return null;
  },
});
