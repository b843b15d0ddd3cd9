import type { Core } from "../core.ts";
import { ServiceError } from "../errors.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import { parseKeyReference } from "../model/arn.ts";
import type { RequestContext } from "../model/request.ts";
import type { KeyTarget } from "./operation.ts";

/**
 * Finds the key of a target; at once when it is in memory. Nothing is authorized yet.
 *
 * @param action the IAM action to name in a refusal
 * @throws ServiceError NotFound, InvalidInput, AccessDenied
 */
export function locate(
  core: Core,
  action: string,
  target: KeyTarget,
  request: RequestContext,
): KeyEntry | Promise<KeyEntry> {
  const reference = callersReference(target);
  const { account } = request.principal;
  if (reference !== undefined) {
    return (
      core.keys.resolveCached(reference, account, request.region) ?? locateReference(core, action, reference, request)
    );
  }
  const keyId = target.by === "ciphertext" ? target.keyId : "";
  return core.keys.cached(request.region, keyId) ?? locateCiphertextKey(core, action, keyId, request);
}

/** What the caller itself named the key by; undefined when only a ciphertext does. */
export function callersReference(target: KeyTarget): string | undefined {
  return target.by === "reference" ? target.text : target.expected;
}

/** As AWS KMS does, a missing key of another account looks like a forbidden one. */
async function locateReference(
  core: Core,
  action: string,
  reference: string,
  request: RequestContext,
): Promise<KeyEntry> {
  const { account, arn } = request.principal;
  try {
    return await core.keys.resolve(reference, account, request.region);
  } catch (error) {
    const foreign = (parseKeyReference(reference)?.account ?? account) !== account;
    if (!foreign || !(error instanceof ServiceError) || error.code !== "NotFound") throw error;
    throw ServiceError.of("AccessDenied", {
      principalArn: arn,
      action,
      resource: reference,
      basis: "implicitDeny",
      source: "foreign",
    });
  }
}

async function locateCiphertextKey(
  core: Core,
  action: string,
  keyId: string,
  request: RequestContext,
): Promise<KeyEntry> {
  const entry = await core.keys.find(request.region, keyId);
  if (entry !== undefined) return entry;
  throw ServiceError.of("AccessDenied", {
    principalArn: request.principal.arn,
    action,
    resource: "*",
    basis: "ciphertextKey",
  });
}
