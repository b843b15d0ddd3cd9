import type { Core } from "../core.ts";
import { ServiceError } from "../errors.ts";
import { KeyEntry } from "../keys/key-entry.ts";
import { parseKeyReference, rootArn } from "../model/arn.ts";
import type { KeyRecord } from "../model/key.ts";
import type { RequestContext } from "../model/request.ts";
import { newKey } from "../operations/keys/create-key.ts";
import { generateVersion } from "../operations/keys/new-version.ts";
import { dayMs } from "../operations/shared.ts";
import { authorize } from "../pipeline/authorize.ts";
import { execute } from "../pipeline/execute.ts";
import { defineOperation } from "../pipeline/operation.ts";
import { StoreConflict } from "../ports/store.ts";
import { type ManagedKeyService, managedKeyPolicy, managedKeyServices, viaServiceName } from "./services.ts";

/** AWS managed keys rotate every year; nobody changes that (AWS KMS: AWS managed keys). */
const rotationPeriodMs = 365 * dayMs;

interface CreateManagedKeyInput {
  /** A name of `managedKeyServices`. */
  readonly alias: string;
}

/**
 * Makes a service's key in the caller's account and region. Whoever may describe the key when it is there may have it made.
 */
export const createManagedKey = defineOperation<CreateManagedKeyInput, { readonly key: KeyRecord }>({
  name: "CreateManagedKey",
  plane: "control",
  readOnly: false,
  keys: [],
  record: ({ alias }) => ({ aliasName: alias }),
  recordOutput: ({ key }) => ({ keyId: key.keyId }),
  async run({ core, input, request, nowMs }) {
    const { alias: name } = input;
    const key = managedKey(core, requireService(name), request, nowMs);
    const entry = new KeyEntry(key, [name], core.store, core.keyring);
    authorize({ request, action: "kms:DescribeKey", key: entry, resource: entry.arn, reference: name, nowMs });
    const { account, region, keyId } = key;
    const alias = { account, region, name, keyId, createdAtMs: nowMs, updatedAtMs: nowMs, revision: 1 };
    await core.commit([
      { op: "insert", table: "keys", row: key },
      { op: "insert", table: "keyVersions", row: await generateVersion(core, key, 1, undefined) },
      { op: "insert", table: "aliases", row: alias },
    ]);
    core.onDueChanged(key.dueAtMs);
    return { key };
  },
});

function requireService(alias: string): ManagedKeyService {
  const found = managedKeyServices.get(alias);
  if (found !== undefined) return found;
  throw ServiceError.of("NotFound", { resource: "alias", id: alias });
}

function managedKey(core: Core, service: ManagedKeyService, request: RequestContext, nowMs: number): KeyRecord {
  const { region, principal } = request;
  const { account } = principal;
  const input = {
    description: `Default key that protects my ${service.protects} when no other key is defined`,
    policy: managedKeyPolicy(service, account, region, rootArn(account)),
    rotation: { enabled: true, periodMs: rotationPeriodMs, nextAtMs: nowMs + rotationPeriodMs },
  };
  return { ...newKey(core, input, request, nowMs), owner: "AWS" };
}

/**
 * A service's key in the caller's account and region, made on first use: what a service inside Coffer calls.
 *
 * @param alias such as `alias/aws/secretsmanager`
 * @throws ServiceError NotFound for a service that has no key; AccessDenied when the caller may not describe it
 */
export async function provideManagedKey(core: Core, alias: string, request: RequestContext): Promise<KeyEntry> {
  const { region, principal } = request;
  const find = () => core.keys.resolve(alias, principal.account, region);
  if ((await core.keys.findAlias(principal.account, region, alias)) !== undefined) return find();
  try {
    await execute(core, createManagedKey, { alias }, request);
  } catch (error) {
    // Another request made it meanwhile.
    const lost = error instanceof ServiceError && error.code === "Conflict" && error.cause instanceof StoreConflict;
    if (!lost) throw error;
  }
  return find();
}

/**
 * Makes the key behind a predefined alias that has none yet, as AWS KMS does when such an alias is described (AWS KMS:
 * DescribeKey). Any other reference is left alone.
 *
 * @throws ServiceError AccessDenied when the caller may not describe it
 */
export async function providePredefined(core: Core, reference: string, request: RequestContext): Promise<void> {
  const parsed = parseKeyReference(reference);
  if (parsed?.kind !== "alias" || !managedKeyServices.has(parsed.name)) return;
  const { region, principal } = request;
  const isOwn = (parsed.account ?? principal.account) === principal.account && (parsed.region ?? region) === region;
  if (isOwn) await provideManagedKey(core, parsed.name, request);
}

/**
 * The same request made through a service, on behalf of its caller (`kms:ViaService`).
 *
 * @param alias that of the service's key
 */
export function throughService(request: RequestContext, alias: string): RequestContext {
  return { ...request, viaService: viaServiceName(requireService(alias), request.region) };
}
