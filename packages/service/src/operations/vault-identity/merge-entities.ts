import type { Core } from "../../core.ts";
import { limits } from "../../limits.ts";
import type { VaultEntity } from "../../model/vault-identity.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { Write } from "../../ports/store.ts";
import type { VaultEntry } from "../../vault/vault-entries.ts";
import { aliasKey, findEntity, findGroup, identityAreas, identityName } from "../../vault/vault-identities.ts";
import { commitIdentity, dropReference, identityOperation, refuseInput } from "./identity-operation.ts";

export interface MergeEntitiesInput {
  readonly fromIds: readonly string[];
  readonly toId: string;
}

/**
 * Vault API: identity/entity/merge. Aliases and memberships of entities go over to another one, and so do their tokens; their
 * policies and metadata do not. Two aliases of one mount are refused.
 */
export const mergeEntities = defineOperation<MergeEntitiesInput, null>({
  ...identityOperation,
  name: "MergeEntities",
  readOnly: false,
  record: ({ fromIds, toId }) => ({ fromIds, toId }),
  async run({ core, input, nowMs }) {
    const to = await findTarget(core, input);
    const from: VaultEntry<VaultEntity>[] = [];
    for (const id of new Set(input.fromIds)) {
      from.push((await findEntity(core.vaultEntries, id)) ?? refuseInput("entity id to merge from is invalid"));
    }
    const parts = from.map(({ value }) => value);
    const merged: VaultEntity = {
      ...to.value,
      aliases: checkMounts([...to.value.aliases, ...parts.flatMap(({ aliases }) => aliases)]),
      groupIds: [...new Set([to.value, ...parts].flatMap(({ groupIds }) => groupIds))].sort(),
      mergedEntityIds: [
        ...to.value.mergedEntityIds,
        ...parts.flatMap(({ id, mergedEntityIds }) => [id, ...mergedEntityIds]),
      ],
      updatedAtMs: nowMs,
    };
    const max = limits.vaultEntityGroups.value;
    if (merged.groupIds.length > max) refuseInput(`an entity is in at most ${max} groups`);
    await commitIdentity(core, [
      core.vaultEntries.update(to, merged),
      ...(await leaveWrites(core, from, to.value.id)),
      ...(await groupWrites(core, parts, to.value.id)),
    ]);
    return null;
  },
});

async function findTarget(core: Core, { fromIds, toId }: MergeEntitiesInput): Promise<VaultEntry<VaultEntity>> {
  const max = limits.vaultMergedEntities.value;
  if (fromIds.length === 0) refuseInput("missing entity ids to merge from");
  if (fromIds.length > max) refuseInput(`at most ${max} entities can be merged at once`);
  if (toId === "") refuseInput("missing entity id to merge to");
  if (fromIds.includes(toId)) refuseInput("to_entity_id should not be present in from_entity_ids");
  return (await findEntity(core.vaultEntries, toId)) ?? refuseInput("entity id to merge to is invalid");
}

function checkMounts(aliases: VaultEntity["aliases"]): VaultEntity["aliases"] {
  const mounts = new Set(aliases.map((alias) => alias.mountAccessor));
  if (mounts.size === aliases.length) return aliases;
  return refuseInput("the entities have aliases with the same mount accessor: delete all but one of them first");
}

/** What is left of the entities: where their aliases, tokens and those of entities that were merged before lead. */
async function leaveWrites(core: Core, from: readonly VaultEntry<VaultEntity>[], toId: string): Promise<Write[]> {
  const entries = core.vaultEntries;
  const { aliases, aliasKeys, entityNames, mergedEntities } = identityAreas;
  const writes: Write[] = [];
  for (const entry of from) {
    const { id, name, aliases: own, mergedEntityIds } = entry.value;
    writes.push(entries.delete(entry), ...(await dropReference(entries, entityNames, identityName(name))));
    for (const alias of own) {
      writes.push(...entries.replace(aliases, alias.id, { id: toId }));
      writes.push(...entries.replace(aliasKeys, aliasKey(alias.mountAccessor, alias.name), { id: toId }));
    }
    for (const gone of [id, ...mergedEntityIds]) writes.push(...entries.replace(mergedEntities, gone, { id: toId }));
  }
  return writes;
}

async function groupWrites(core: Core, from: readonly VaultEntity[], toId: string): Promise<Write[]> {
  const entries = core.vaultEntries;
  const gone = new Set(from.map(({ id }) => id));
  const writes: Write[] = [];
  for (const groupId of new Set(from.flatMap(({ groupIds }) => groupIds))) {
    const group = await findGroup(entries, groupId);
    if (group === undefined || group.value.type === "external") continue;
    const others = group.value.memberEntityIds.filter((member) => !gone.has(member) && member !== toId);
    const memberEntityIds = [...others, toId].sort();
    writes.push(entries.update(group, { ...group.value, memberEntityIds, modifyIndex: group.value.modifyIndex + 1 }));
  }
  return writes;
}
