import { type Quorum, quorumProblem, ServiceError } from "@coffer/service";
import type { Fields } from "../../http/fields.ts";
import type { InitializedSeal, SealState } from "./seal-control.ts";

const shareFields = ["secret_shares", "secret_threshold", "pgp_keys"];
const recoveryFields = ["recovery_shares", "recovery_threshold", "recovery_pgp_keys"];
const pgpFields = ["pgp_keys", "recovery_pgp_keys", "root_token_pgp_key"];

/** @throws ServiceError InvalidInput with what the original says */
export function refuseInput(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** @throws ServiceError InvalidInput when a parameter asks for shares encrypted to PGP keys */
export function refusePgp(fields: Fields, names: readonly string[] = pgpFields): void {
  const given = names.find((name) => isGiven(fields, name));
  if (given === undefined) return;
  refuseInput(`${given} is not supported: Coffer has no PGP. Leave it out, and encrypt what is answered yourself`);
}

/**
 * The quorum of sys/init (OpenBao, internal/http/sys_init.go: `validateInitParameters`).
 *
 * @throws ServiceError InvalidInput
 */
export function readInitialQuorum(fields: Fields, { kind, opensByItself }: SealState): Quorum {
  const wrong = (opensByItself ? shareFields : recoveryFields).filter((name) => isGiven(fields, name));
  if (wrong.length > 0) refuseInput(`parameters ${wrong.join(",")} not applicable to seal type ${kind}`);
  refusePgp(fields);
  // What opens by itself is initialized when it first starts, and refuses this a step later.
  if (opensByItself) return { shares: 1, threshold: 1 };
  return readQuorum(fields, "invalid seal configuration: ");
}

/** @throws ServiceError InvalidInput for a quorum that there cannot be, with `prefix` before why */
export function readQuorum(fields: Fields, prefix: string): Quorum {
  const quorum = { shares: fields.integer("secret_shares") ?? 0, threshold: fields.integer("secret_threshold") ?? 0 };
  const problem = quorumProblem(quorum);
  return problem === undefined ? quorum : refuseInput(prefix + problem);
}

/** The answer of sys/init: Vault's, and beside the root token the root's access key, for AWS's clients. Wipes the shares. */
export function describeInitialized({ shares, rootToken, accessKeyId, secretAccessKey }: InitializedSeal): object {
  return {
    ...describeShares(shares),
    root_token: rootToken,
    access_key_id: accessKeyId,
    secret_access_key: secretAccessKey,
  };
}

/** Shares as Vault gives them out; wipes them. */
export function describeShares(shares: readonly Uint8Array[]): {
  readonly keys: readonly string[];
  readonly keys_base64: readonly string[];
} {
  const texts = (encoding: "hex" | "base64") =>
    shares.map((share) => Buffer.from(share.buffer, share.byteOffset, share.length).toString(encoding));
  const described = { keys: texts("hex"), keys_base64: texts("base64") };
  for (const share of shares) share.fill(0);
  return described;
}

/** Clients send all parameters that they know, with nothing in those that were not given. */
function isGiven(fields: Fields, name: string): boolean {
  const value = fields.raw(name);
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== "" && value !== 0 && value !== "0";
}
