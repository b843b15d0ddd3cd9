import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { TokenRecord } from "../../model/principal.ts";
import type { Write } from "../../ports/store.ts";
import { type IssuedVaultToken, issueVaultToken } from "../../vault/issue-token.ts";
import type { VaultEntry } from "../../vault/vault-entries.ts";
import { type WrappedAnswer, wrappedAnswerArea } from "../../vault/wrapped-answers.ts";
import {
  isVaultToken,
  ownTokenOperation,
  refuseInput,
  type VaultTokenRecord,
} from "../vault-tokens/token-operation.ts";

/** A single-use token for an answer (Vault API: response wrapping, `wrap_info`). */
export interface WrapInfo {
  readonly token: string;
  readonly accessor: string;
  /** Seconds. */
  readonly ttl: number;
  readonly createdAtMs: number;
  readonly creationPath: string;
}

/** What the original says of anything that is no wrapping token, or not any more. */
export const invalidWrappingToken = "wrapping token is not valid or does not exist";

function issueWrapping(
  core: Core,
  displayName: string,
  { ttl, path }: { readonly ttl: number; readonly path: string },
  nowMs: number,
): IssuedVaultToken {
  const wanted = {
    displayName,
    path,
    policies: ["response-wrapping"],
    noDefaultPolicy: true,
    meta: null,
    ttl,
    maxTtl: 0,
    explicitMaxTtl: ttl,
    period: 0,
    numUses: 1,
    renewable: false,
  };
  return issueVaultToken(core, wanted, nowMs);
}

function infoOf(
  { record, token }: IssuedVaultToken,
  { creationTtl, createdAtMs, creationPath }: WrappedAnswer,
): WrapInfo {
  return { token, accessor: record.accessor, ttl: creationTtl, createdAtMs, creationPath };
}

function keep(core: Core, { record, writes }: IssuedVaultToken, answer: WrappedAnswer): readonly Write[] {
  return [...writes, core.vaultEntries.insert(wrappedAnswerArea, record.digest, answer, record.expiresAtMs)];
}

export interface WrapAnswerInput {
  /** The answer as its wire writes it down. */
  readonly answer: string;
  /** Seconds. */
  readonly ttl: number;
}

/**
 * Keeps the answer to a request for whoever shows the token that is given instead (OpenBao, internal/vault/wrapping.go:
 * `wrapInCubbyhole`). What may be asked for was decided on with the request itself.
 *
 * Errors: LimitExceeded.
 */
export const wrapAnswer = ownTokenOperation<WrapAnswerInput, WrapInfo>({
  name: "WrapAnswer",
  readOnly: false,
  record: ({ ttl }) => ({ ttl }),
  recordOutput: ({ accessor, creationPath }) => ({ accessor, creationPath }),
  async run({ core, request, input, nowMs }) {
    const { name, value } = limits.wrappedAnswerBytes;
    if (Buffer.byteLength(input.answer) > value) {
      throw ServiceError.of("LimitExceeded", {
        limit: name,
        max: value,
        reason: `a wrapped answer has at most ${value} bytes`,
      });
    }
    const creationPath = request.vault?.path ?? request.path?.replace(/^\/v1\//, "") ?? "";
    const displayName = request.principal.token?.displayName ?? "";
    const issued = issueWrapping(core, displayName, { ttl: input.ttl, path: creationPath }, nowMs);
    const { creationTtl } = issued.record.vault;
    const wrapped = { answer: input.answer, creationTtl, createdAtMs: nowMs, creationPath };
    await core.commit(keep(core, issued, wrapped));
    return infoOf(issued, wrapped);
  },
});

/** A wrapping token: the caller's own, whose use the request has taken, or one that is shown. */
export type WrappingSubject = { readonly by: "self" } | { readonly by: "token"; readonly token: string };

interface Found {
  readonly token: VaultTokenRecord;
  readonly entry: VaultEntry<WrappedAnswer>;
}

/** Whether a token wraps an answer now; asked before the request is let in (OpenBao: `validateWrappingToken`). */
export async function isWrappingToken(core: Core, token: string): Promise<boolean> {
  const record = (await core.identities.findToken(token))?.token;
  return record !== undefined && (await findWrapped(core, record)) !== undefined;
}

async function findWrapped(core: Core, token: TokenRecord): Promise<Found | undefined> {
  const [policy, ...others] = token.vaultPolicies;
  if (!isVaultToken(token) || policy !== "response-wrapping" || others.length > 0) return undefined;
  const entry = await core.vaultEntries.get<WrappedAnswer>(wrappedAnswerArea, token.digest);
  return entry && { token, entry };
}

/** @throws ServiceError InvalidInput */
async function findSubject(core: Core, own: TokenRecord | undefined, subject: WrappingSubject): Promise<Found> {
  const token = subject.by === "self" ? own : (await core.identities.findToken(subject.token))?.token;
  const found = token && (await findWrapped(core, token));
  return found ?? refuseInput(invalidWrappingToken);
}

/** The writes that use a wrapping token up; of two at once, one finds that the answer is gone. */
function takeOut(core: Core, { token, entry }: Found): readonly Write[] {
  return [
    core.vaultEntries.delete(entry),
    { op: "delete", table: "tokens", key: { digest: token.digest }, revision: "any" },
  ];
}

const record = ({ by }: WrappingSubject) => ({ of: by });

/**
 * The answer behind a wrapping token, once (Vault API: sys/wrapping/unwrap).
 *
 * Errors: InvalidInput for a token that wraps nothing, or not any more.
 */
export const unwrapAnswer = ownTokenOperation<WrappingSubject, string>({
  name: "UnwrapAnswer",
  readOnly: false,
  record,
  async run({ core, request, input }) {
    const found = await findSubject(core, request.principal.token, input);
    await core.commit(takeOut(core, found));
    return found.entry.value.answer;
  },
});

/** A new wrapping token for the answer behind another one, which ends (Vault API: sys/wrapping/rewrap). As `unwrapAnswer`. */
export const rewrapAnswer = ownTokenOperation<WrappingSubject, WrapInfo>({
  name: "RewrapAnswer",
  readOnly: false,
  record,
  recordOutput: ({ accessor, creationPath }) => ({ accessor, creationPath }),
  async run({ core, request, input, nowMs }) {
    const found = await findSubject(core, request.principal.token, input);
    const { creationTtl, creationPath } = found.entry.value;
    const displayName = request.principal.token?.displayName ?? "";
    const issued = issueWrapping(core, displayName, { ttl: creationTtl, path: request.vault?.path ?? "" }, nowMs);
    const wrapped = { ...found.entry.value, createdAtMs: nowMs };
    await core.commit([...takeOut(core, found), ...keep(core, issued, wrapped)]);
    return infoOf(issued, { ...wrapped, creationPath });
  },
});

/** What is behind a wrapping token, but for the answer (Vault API: sys/wrapping/lookup). Whoever shows one may ask. */
export const lookUpWrapping = ownTokenOperation<{ readonly token: string }, Omit<WrappedAnswer, "answer">>({
  name: "LookUpWrapping",
  readOnly: true,
  record: () => ({}),
  async run({ core, input }) {
    const { answer: _, ...info } = (await findSubject(core, undefined, { by: "token", ...input })).entry.value;
    return info;
  },
});
