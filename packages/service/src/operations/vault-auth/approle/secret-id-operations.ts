import { ServiceError } from "../../../errors.ts";
import { StoreConflict } from "../../../ports/store.ts";
import { areCidrs, areSubsets } from "../../../vault/cidrs.ts";
import { maxTtlSeconds } from "../../../vault/token-ttl.ts";
import { authOperation, refuseInput, refuseMissing } from "../auth-operation.ts";
import { type AppRole, checkIdLength, findRole } from "./app-role.ts";
import type { AppRoleInput } from "./role-operations.ts";
import {
  findByAccessor,
  findSecretId,
  listSecretIds,
  type SecretId,
  secretIdDeletion,
  secretIdWrites,
} from "./secret-id.ts";

export interface CreateSecretIdInput extends AppRoleInput {
  /** The caller's own; a UUID is made when absent. */
  readonly secretId?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly cidrs: readonly string[];
  readonly tokenBoundCidrs: readonly string[];
  readonly numUses?: number;
  /** Seconds. */
  readonly ttl?: number;
}

export interface CreatedSecretId {
  /** Shown once. */
  readonly secretId: string;
  readonly accessor: string;
  readonly numUses: number;
  /** Seconds; 0 means for ever. */
  readonly ttl: number;
}

/** Networks and uses that a new secret id may have: never more than its role's. */
function checkWithinRole(role: AppRole, input: CreateSecretIdInput): void {
  const { cidrs, tokenBoundCidrs, numUses, ttl } = input;
  if (!role.bindSecretId) refuseInput("bind_secret_id is not set on the role");
  if (!areCidrs(cidrs)) refuseInput("failed to validate CIDR blocks");
  refuseUnlessSubset(cidrs, role.secretIdBoundCidrs);
  if (!areCidrs(tokenBoundCidrs)) refuseInput("failed to validate token CIDR blocks");
  refuseUnlessSubset(tokenBoundCidrs, role.token.boundCidrs);
  if (numUses !== undefined) {
    if (numUses < 0) refuseInput("num_uses cannot be negative");
    if (isMore(numUses, role.secretIdNumUses)) {
      refuseInput("num_uses cannot be higher than the role's secret_id_num_uses");
    }
  }
  if (ttl !== undefined && isMore(ttl, role.secretIdTtl)) {
    refuseInput("ttl cannot be longer than the role's secret_id_ttl");
  }
}

/** Whether a figure is beyond another one, where 0 means without end. */
function isMore(figure: number, bound: number): boolean {
  return bound > 0 && (figure === 0 || figure > bound);
}

function refuseUnlessSubset(ranges: readonly string[], outer: readonly string[]): void {
  if (areSubsets(ranges, outer)) return;
  const list = (texts: readonly string[]) => `[${texts.map((text) => JSON.stringify(text)).join(" ")}]`;
  refuseInput(
    `failed to verify subset relationship between CIDR blocks on the role ${list(outer)} and CIDR blocks on the secret ID ${list(ranges)}`,
  );
}

/** Vault API: auth/approle, generate a secret id, or create a custom one. */
export const createSecretId = authOperation<CreateSecretIdInput, CreatedSecretId>({
  name: "CreateAppRoleSecretId",
  readOnly: false,
  record: ({ name, numUses, ttl }) => ({ role: name, numUses, ttl }),
  recordOutput: ({ accessor }) => ({ accessor }),
  async run({ core, input, nowMs }) {
    const { mount, name, metadata, cidrs, tokenBoundCidrs } = input;
    const secretId = input.secretId ?? core.randomness.id();
    if (secretId === "") refuseInput("missing secret_id");
    checkIdLength(secretId, "secret_id");
    const role = (await findRole(core, mount, name))?.value;
    if (role === undefined) refuseMissing(`role ${JSON.stringify(name)} does not exist`);
    checkWithinRole(role, input);
    const numUses = input.numUses ?? role.secretIdNumUses;
    const ttl = input.ttl ?? role.secretIdTtl;
    const accessor = core.randomness.id();
    const lasts = Math.min(ttl, mount.config.maxLeaseTtl ?? maxTtlSeconds);
    const times = { createdAtMs: nowMs, updatedAtMs: nowMs };
    const record: SecretId = { accessor, numUses, ttl, ...times, metadata, cidrs, tokenBoundCidrs };
    const expiresAtMs = lasts === 0 ? undefined : nowMs + lasts * 1000;
    try {
      await core.commit(secretIdWrites(core, mount, role, secretId, record, expiresAtMs));
    } catch (error) {
      if (!(error instanceof StoreConflict) || error.kind !== "exists") throw error;
      throw ServiceError.of(
        "InvalidInput",
        { kind: "validation", reason: "failed to store secret_id: SecretID is already registered" },
        error,
      );
    }
    return { secretId, accessor, numUses, ttl: lasts };
  },
});

/** Names a secret id by itself or by its accessor. */
export interface SecretIdInput extends AppRoleInput {
  readonly by: { readonly secretId: string } | { readonly accessor: string };
}

export interface FoundSecretId {
  readonly secretId: SecretId;
  readonly expiresAtMs: number | undefined;
}

async function find({ core, input }: { core: Parameters<typeof findRole>[0]; input: SecretIdInput }) {
  const { mount, name, by } = input;
  const role = (await findRole(core, mount, name))?.value;
  if (role === undefined) refuseInput(`role ${JSON.stringify(name)} does not exist`);
  if ("secretId" in by) return findSecretId(core, mount, role, by.secretId);
  const found = await findByAccessor(core, mount, role, by.accessor);
  if (found === undefined) {
    refuseMissing(`failed to find accessor entry for secret_id_accessor: ${JSON.stringify(by.accessor)}`);
  }
  return found;
}

/** Vault API: auth/approle, look a secret id up, by itself or by its accessor. */
export const lookUpSecretId = authOperation<SecretIdInput, FoundSecretId | undefined>({
  name: "LookUpAppRoleSecretId",
  readOnly: true,
  record: ({ name, by }) => ({ role: name, ...("accessor" in by ? by : {}) }),
  async run(call) {
    const found = await find(call);
    return found && { secretId: found.value, expiresAtMs: found.expiresAtMs };
  },
});

/** Vault API: auth/approle, destroy a secret id, by itself or by its accessor. */
export const destroySecretId = authOperation<SecretIdInput, null>({
  name: "DestroyAppRoleSecretId",
  readOnly: false,
  record: ({ name, by }) => ({ role: name, ...("accessor" in by ? by : {}) }),
  async run(call) {
    const found = await find(call);
    if (found !== undefined) await call.core.commit(secretIdDeletion(call.core, call.input.mount, found));
    return null;
  },
});

export interface ListSecretIdsInput extends AppRoleInput {
  readonly after: string;
  /** All when 0. */
  readonly limit: number;
}

/** Vault API: auth/approle, list the accessors of a role's secret ids. */
export const listSecretIdAccessors = authOperation<ListSecretIdsInput, { readonly accessors: readonly string[] }>({
  name: "ListAppRoleSecretIds",
  readOnly: true,
  record: ({ name }) => ({ role: name }),
  async run({ core, input }) {
    const role = (await findRole(core, input.mount, input.name))?.value;
    if (role === undefined) refuseInput(`role ${JSON.stringify(input.name)} does not exist`);
    const found = await listSecretIds(core, input.mount, role, input.after, input.limit);
    return { accessors: found.map(({ accessor }) => accessor) };
  },
});
