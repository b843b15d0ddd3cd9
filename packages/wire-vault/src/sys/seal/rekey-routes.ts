import {
  cancelRekey,
  type NewShares,
  type RekeyStatus,
  readRekey,
  readRekeyVerification,
  restartRekeyVerification,
  type ShareKind,
  startRekey,
  submitRekeyShare,
  type VerificationStatus,
  verifyRekeyShare,
} from "@coffer/service";
import type { RouteHandler, VaultCall } from "../../http/call.ts";
import { noContent, ok, type VaultResult } from "../../http/envelope.ts";
import { readFields } from "../../http/read-request.ts";
import type { Route } from "../../http/routes.ts";
import { describeShares, refuseInput, refusePgp } from "./initialize.ts";
import { readShare } from "./read-share.ts";

/** Where the shares of a kind are replaced: Vault's paths, and OpenBao's, whose answers are in an envelope. */
interface RekeyPaths {
  readonly prefix: string;
  readonly kind: ShareKind;
  /** Whether the answer's members also stand outside the envelope. */
  readonly bare: boolean;
}

const paths: readonly RekeyPaths[] = [
  { prefix: "rekey", kind: "unseal", bare: true },
  { prefix: "rekey-recovery-key", kind: "recovery", bare: true },
  { prefix: "rotate/root", kind: "unseal", bare: false },
  { prefix: "rotate/recovery", kind: "recovery", bare: false },
];

/** What of the original's answer is about PGP, which Coffer has not. */
const withoutPgp = { pgp_fingerprints: null, backup: false };

function statusOf({ started, nonce, wanted, progress, required, verificationNonce }: RekeyStatus): object {
  return {
    nonce,
    started,
    t: wanted?.quorum.threshold ?? 0,
    n: wanted?.quorum.shares ?? 0,
    progress,
    required,
    ...withoutPgp,
    verification_required: wanted?.verify ?? false,
    ...(verificationNonce === undefined ? {} : { verification_nonce: verificationNonce }),
  };
}

/** New shares, which are wiped here. */
function describeNewShares({ shares, verificationNonce }: NewShares, nonce: string): object {
  const plain = shares.map((share) => {
    const copy = share.use((bytes) => Uint8Array.from(bytes));
    share.dispose();
    return copy;
  });
  return {
    nonce,
    complete: true,
    ...describeShares(plain),
    ...withoutPgp,
    verification_required: verificationNonce !== undefined,
    ...(verificationNonce === undefined ? {} : { verification_nonce: verificationNonce }),
  };
}

function verificationOf({ started, nonce, quorum, progress }: VerificationStatus): object {
  return { nonce, started, t: quorum.threshold, n: quorum.shares, progress };
}

/** What is said when a share comes without its key or nonce. Vault takes a missing nonce for a wrong one. */
export interface MissingWords {
  readonly key: string;
  readonly nonce?: string;
}

const vaultMissing: MissingWords = { key: "'key' must be specified in request body as JSON" };
const openBaoMissing: MissingWords = { key: "missing required field 'key'", nonce: "missing required field 'nonce'" };

/** The share and the nonce of a call. The operation wipes the share. */
export function readSubmitted(
  call: VaultCall,
  missing: MissingWords = vaultMissing,
): { readonly share: Uint8Array; readonly nonce: string } {
  const key = call.fields.text("key");
  if (key === undefined || key === "") refuseInput(missing.key);
  const nonce = call.fields.text("nonce") ?? "";
  if (nonce === "" && missing.nonce !== undefined) refuseInput(missing.nonce);
  return { share: readShare(key), nonce };
}

/** The nonce of a cancellation: in the query, or as Vault's client sends it, in the body. */
export function readNonce(call: VaultCall): string | undefined {
  return call.fields.text("nonce") ?? readFields("update", call.request, new URLSearchParams()).text("nonce");
}

function routesOf({ prefix, kind, bare }: RekeyPaths): Route[] {
  const answer = (value: object): VaultResult => ({ ...ok(JSON.stringify(value)), repeated: bare });
  const readStatus: RouteHandler = async (call) => answer(statusOf(await call.execute(readRekey, { kind })));
  const start: RouteHandler = async (call) => {
    const { fields } = call;
    refusePgp(fields, ["pgp_keys"]);
    if (fields.boolean("backup") === true) {
      refuseInput("cannot request a backup of the new keys without providing PGP keys for encryption");
    }
    const quorum = { shares: fields.integer("secret_shares") ?? 0, threshold: fields.integer("secret_threshold") ?? 0 };
    const verify = fields.boolean("require_verification") ?? false;
    const made = await call.execute(startRekey, { kind, quorum, verify });
    if (made === undefined) return readStatus(call);
    return answer({ ...describeNewShares(made, ""), started: true, t: quorum.threshold, n: quorum.shares });
  };
  const update: RouteHandler = async (call) => {
    const submitted = readSubmitted(call, bare ? vaultMissing : openBaoMissing);
    const made = await call.execute(submitRekeyShare, { kind, ...submitted });
    return made === undefined ? readStatus(call) : answer(describeNewShares(made, submitted.nonce));
  };
  const readVerification: RouteHandler = async (call) =>
    answer(verificationOf(await call.execute(readRekeyVerification, { kind })));
  const verify: RouteHandler = async (call) => {
    const submitted = readSubmitted(call, bare ? vaultMissing : openBaoMissing);
    const complete = await call.execute(verifyRekeyShare, { kind, ...submitted });
    return complete ? answer({ nonce: submitted.nonce, complete }) : readVerification(call);
  };
  return [
    {
      pattern: `${prefix}/init`,
      fields: ["secret_shares", "secret_threshold", "pgp_keys", "backup", "require_verification", "nonce"],
      operations: {
        read: readStatus,
        update: start,
        delete: async (call) => {
          await call.execute(cancelRekey, { kind, nonce: readNonce(call) });
          return noContent;
        },
      },
      sudo: ["update", "delete"],
    },
    { pattern: `${prefix}/update`, fields: ["key", "nonce"], operations: { update } },
    {
      pattern: `${prefix}/verify`,
      fields: ["key", "nonce"],
      operations: {
        read: readVerification,
        update: verify,
        delete: async (call) => answer(verificationOf(await call.execute(restartRekeyVerification, { kind }))),
      },
      sudo: ["delete"],
    },
  ];
}

/**
 * Vault API: sys/rekey, sys/rekey-recovery-key; OpenBao: sys/rotate/root, sys/rotate/recovery. All need a token, since
 * whoever could begin or cancel without one could keep everybody else from it (CVE-2026-5807).
 */
export const rekeyRoutes: readonly Route[] = paths.flatMap(routesOf);
