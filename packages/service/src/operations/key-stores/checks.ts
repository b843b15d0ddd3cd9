import type { Core } from "../../core.ts";
import { type KeyStoreProblem, ServiceError } from "../../errors.ts";
import type { KeyStoreEntry } from "../../key-stores/key-store-directory.ts";
import { storeFailure } from "../../key-stores/proxy-failures.ts";
import { limits } from "../../limits.ts";
import type { CustomKeyStoreRecord } from "../../model/key-store.ts";
import type { RequestContext } from "../../model/request.ts";
import type { ResourceDemand } from "../../pipeline/operation.ts";
import type { ExternalKeyProxy } from "../../ports/external-keys.ts";
import type { Write } from "../../ports/store.ts";

/** Input of an operation on one custom key store. */
export interface KeyStoreInput {
  readonly customKeyStoreId: string;
}

/** The longest address of a proxy, its path included (XKS Proxy API 1.0: API operations). */
const maxUriChars = 256;
const endpointPattern = /^https:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?$/;
const pathPattern = /^(?:\/[A-Za-z0-9/_-]+)?\/kms\/xks\/v1$/;

/** Custom key stores have no policies: identity policies decide (AWS KMS: actions, resource `*`). */
export function keyStoreAction(name: string): () => readonly ResourceDemand[] {
  return () => [{ action: `kms:${name}`, resource: "*" }];
}

/** @throws ServiceError KeyStoreInvalid */
export function refuseKeyStore(problem: KeyStoreProblem, reason: string): never {
  throw ServiceError.of("KeyStoreInvalid", { problem, reason });
}

/** @throws ServiceError KeyStoreInvalid problem `notFound` */
export async function findKeyStore(
  core: Core,
  { principal, region }: RequestContext,
  customKeyStoreId: string,
): Promise<KeyStoreEntry> {
  const found = await core.keyStores.find(principal.account, region, customKeyStoreId);
  return found ?? refuseKeyStore("notFound", `Custom key store ${customKeyStoreId} is not found.`);
}

/** @throws ServiceError InvalidInput unless the address can be one of a proxy */
export function checkAddress(uriEndpoint: string, uriPath: string): void {
  const refuse = (member: string, reason: string): never => {
    throw ServiceError.of("InvalidInput", { kind: "validation", member, reason });
  };
  if (!endpointPattern.test(uriEndpoint) || !URL.canParse(uriEndpoint)) {
    refuse(
      "xksProxyUriEndpoint",
      "XksProxyUriEndpoint must be https:// and a host name, and a port where it is not 443.",
    );
  }
  if (!pathPattern.test(uriPath) || uriPath.includes("//")) {
    refuse("xksProxyUriPath", "XksProxyUriPath must start with a slash and end with /kms/xks/v1.");
  }
  if (uriEndpoint.length + uriPath.length > maxUriChars) {
    refuse(
      "xksProxyUriPath",
      `XksProxyUriEndpoint and XksProxyUriPath have at most ${maxUriChars} characters together.`,
    );
  }
}

/**
 * The write that goes with each change of what must be unique among the key stores of an account and region: two at once
 * each see what the other did.
 */
export async function keyStoresChanged(core: Core, { principal, region }: RequestContext): Promise<Write> {
  const name = `customKeyStores/${principal.account}/${region}`;
  const stored = await core.store.get("settings", { name });
  const row = { name, value: "{}", revision: (stored?.revision ?? 0) + 1 };
  return { op: stored === undefined ? "insert" : "update", table: "settings", row };
}

/** The custom key stores of the caller's account and region: few. */
export function listOwnKeyStores(
  core: Core,
  { principal, region }: RequestContext,
): Promise<readonly CustomKeyStoreRecord[]> {
  return core.store.listCustomKeyStores(principal.account, region, undefined, limits.customKeyStores.value);
}

/** @throws ServiceError KeyStoreInvalid when another key store has the name or the address */
export function checkUnique(
  others: readonly CustomKeyStoreRecord[],
  { name, uriEndpoint, uriPath }: Pick<CustomKeyStoreRecord, "name" | "uriEndpoint" | "uriPath">,
): void {
  for (const other of others) {
    if (other.name === name) refuseKeyStore("nameInUse", `There is a custom key store with the name ${name} already.`);
    if (other.uriEndpoint.toLowerCase() === uriEndpoint.toLowerCase() && other.uriPath === uriPath) {
      const reason = "The XksProxyUriEndpoint and XksProxyUriPath are those of another external key store already.";
      refuseKeyStore("uriInUse", reason);
    }
  }
}

/** Asks a proxy for its health. @throws ServiceError KeyStoreInvalid */
export async function checkProxy(
  core: Core,
  proxy: ExternalKeyProxy,
  kmsOperation: string,
  { requestId }: RequestContext,
): Promise<void> {
  try {
    await core.externalKeys.checkHealth({ proxy, metadata: { kmsOperation, kmsRequestId: requestId } });
  } catch (error) {
    throw storeFailure(error);
  }
}

/** A new id of a custom key store, as AWS makes them: `cks-` and 17 hex digits. */
export function newKeyStoreId({ randomness }: Core): string {
  return `cks-${randomness.id().replaceAll("-", "").slice(0, 17)}`;
}
