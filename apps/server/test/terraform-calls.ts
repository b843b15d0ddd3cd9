/**
 * What the AWS provider of Terraform and OpenTofu asks of KMS, and what it waits for, replayed with the AWS SDK: no
 * provider is built here. Sources: github.com/hashicorp/terraform-provider-aws, folder internal/service/kms, each at the
 * commit named beside a function. Where the provider polls until an answer has been right several times in a row, it has
 * to be right at once here: Coffer has no eventual consistency, and a wait that never ends is how a wrong answer shows.
 */
import assert from "node:assert/strict";
import { constants, publicEncrypt } from "node:crypto";
import {
  DescribeKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  GetParametersForImportCommand,
  ImportKeyMaterialCommand,
  type KeyMetadata,
  type KMSClient,
  NotFoundException,
  PutKeyPolicyCommand,
  paginateListAliases,
  paginateListGrants,
  paginateListResourceTags,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateKeyDescriptionCommand,
} from "@aws-sdk/client-kms";

/** How many right answers in a row the provider wants (`ContinuousTargetOccurence`). */
const rightAnswers = 5;

/** Tags by their keys. */
export type Tags = Readonly<Record<string, string>>;

/** What a refresh of `aws_kms_key` and its like reads. */
export interface KeyInfo {
  readonly metadata: KeyMetadata;
  readonly policy: string;
  /** Of keys that AWS KMS made the material of. */
  readonly rotation: { readonly enabled: boolean | undefined; readonly periodDays: number | undefined } | undefined;
  readonly tags: Tags;
}

/** key.go [00a35305], findKeyInfo. @returns undefined for a key that the provider takes for deleted */
export async function readKey(kms: KMSClient, KeyId: string): Promise<KeyInfo | undefined> {
  const metadata = await findKey(kms, KeyId);
  if (metadata === undefined) return undefined;
  const policy = await readPolicy(kms, KeyId);
  const rotation = metadata.Origin === "AWS_KMS" ? await readRotation(kms, KeyId) : undefined;
  return { metadata, policy, rotation, tags: await readTags(kms, KeyId) };
}

/** key.go [00a35305], findKeyByID. @returns undefined for a key that is not there or is pending deletion */
export async function findKey(kms: KMSClient, KeyId: string): Promise<KeyMetadata | undefined> {
  try {
    const { KeyMetadata: found } = await kms.send(new DescribeKeyCommand({ KeyId }));
    const gone = found?.KeyState === "PendingDeletion" || found?.KeyState === "PendingReplicaDeletion";
    return gone ? undefined : found;
  } catch (error) {
    if (error instanceof NotFoundException) return undefined;
    throw error;
  }
}

async function readPolicy(kms: KMSClient, KeyId: string): Promise<string> {
  const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: "default" }));
  assert.ok(Policy);
  return Policy;
}

async function readRotation(kms: KMSClient, KeyId: string) {
  const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
  return { enabled: status.KeyRotationEnabled, periodDays: status.RotationPeriodInDays };
}

/** tags_gen.go [01606926], listTags. */
export async function readTags(kms: KMSClient, KeyId: string): Promise<Tags> {
  const tags: Record<string, string> = {};
  for await (const { Tags = [] } of paginateListResourceTags({ client: kms }, { KeyId })) {
    for (const { TagKey = "", TagValue = "" } of Tags) tags[TagKey] = TagValue;
  }
  return tags;
}

/** key.go [00a35305], updateKeyEnabled and waitKeyStatePropagated. */
export async function setEnabled(kms: KMSClient, KeyId: string, enabled: boolean): Promise<void> {
  await (enabled ? kms.send(new EnableKeyCommand({ KeyId })) : kms.send(new DisableKeyCommand({ KeyId })));
  await settled(async () => assert.equal((await findKey(kms, KeyId))?.Enabled, enabled));
}

/** key.go [00a35305], updateKeyRotationEnabled and waitKeyRotationEnabledPropagated. */
export async function setRotation(kms: KMSClient, KeyId: string, enabled: boolean, periodDays?: number): Promise<void> {
  const period = periodDays === undefined ? {} : { RotationPeriodInDays: periodDays };
  if (enabled) await kms.send(new EnableKeyRotationCommand({ KeyId, ...period }));
  else await kms.send(new DisableKeyRotationCommand({ KeyId }));
  await settled(async () => {
    const found = await readRotation(kms, KeyId);
    assert.equal(found.enabled, enabled);
    // A period that is told has to be the one in the configuration, also while rotation is off.
    if (periodDays !== undefined && found.periodDays !== undefined) assert.equal(found.periodDays, periodDays);
  });
}

/** key.go [00a35305], updateKeyDescription and waitKeyDescriptionPropagated. */
export async function setDescription(kms: KMSClient, KeyId: string, Description: string): Promise<void> {
  await kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description }));
  await settled(async () => assert.equal((await findKey(kms, KeyId))?.Description, Description));
}

/** key.go [00a35305], updateKeyPolicy. */
export async function setPolicy(kms: KMSClient, KeyId: string, Policy: string): Promise<void> {
  const input = { KeyId, Policy, PolicyName: "default", BypassPolicyLockoutSafetyCheck: false };
  await kms.send(new PutKeyPolicyCommand(input));
  await policySettled(kms, KeyId, Policy);
}

/** key.go [00a35305], waitKeyPolicyPropagated: the policy reads back as one that means the same. */
export function policySettled(kms: KMSClient, KeyId: string, policy: string): Promise<void> {
  return settled(async () => assert.deepEqual(plainPolicy(await readPolicy(kms, KeyId)), plainPolicy(policy)));
}

/** tags_gen.go [01606926], updateTags and waitTagsPropagated. */
export async function setTags(kms: KMSClient, KeyId: string, before: Tags, wanted: Tags): Promise<void> {
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(wanted, key));
  if (removed.length > 0) await kms.send(new UntagResourceCommand({ KeyId, TagKeys: removed }));
  const changed = Object.entries(wanted).filter(([key, value]) => before[key] !== value);
  if (changed.length > 0) await kms.send(new TagResourceCommand({ KeyId, Tags: tagList(Object.fromEntries(changed)) }));
  await tagsSettled(kms, KeyId, wanted);
}

/** tags_gen.go [01606926], waitTagsPropagated. */
export function tagsSettled(kms: KMSClient, KeyId: string, wanted: Tags): Promise<void> {
  return settled(async () => assert.deepEqual(await readTags(kms, KeyId), wanted));
}

/** Tags as the API takes them. */
export function tagList(tags: Tags): { TagKey: string; TagValue: string }[] {
  return Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
}

/** key.go [00a35305], resourceKeyDelete and waitKeyDeleted. */
export async function deleteKey(kms: KMSClient, KeyId: string, PendingWindowInDays: number): Promise<void> {
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays }));
  assert.equal(await findKey(kms, KeyId), undefined);
}

/**
 * external_key.go [050ac111], importExternalKeyMaterial, WaitKeyMaterialImported and WaitKeyValidToPropagated.
 *
 * @param validTo - in whole seconds, as the state has it
 * @returns the expiration model of the key then
 */
export async function loadMaterial(
  kms: KMSClient,
  KeyId: string,
  material: Buffer,
  validTo?: Date,
): Promise<string | undefined> {
  const ask = { KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" } as const;
  const given = await kms.send(new GetParametersForImportCommand(ask));
  const key = { key: Buffer.from(given.PublicKey ?? []), format: "der", type: "spki" } as const;
  const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  await kms.send(
    new ImportKeyMaterialCommand({
      KeyId,
      ImportToken: given.ImportToken,
      EncryptedKeyMaterial: publicEncrypt({ ...key, ...oaep }, material),
      ...(validTo === undefined
        ? { ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" }
        : { ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo: validTo }),
    }),
  );
  const found = await findKey(kms, KeyId);
  assert.equal(found?.KeyState, "Enabled");
  assert.equal(found.ValidTo?.getTime(), validTo?.getTime());
  return found.ExpirationModel;
}

/** alias.go [01c08000], FindAliasByName: reads on through all aliases of the region. */
export async function findAlias(kms: KMSClient, name: string) {
  for await (const { Aliases = [] } of paginateListAliases({ client: kms }, {})) {
    const found = Aliases.find(({ AliasName }) => AliasName === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** grant.go [01f43111], findGrantByTwoPartKey. */
export async function findGrant(kms: KMSClient, KeyId: string, id: string) {
  for await (const { Grants = [] } of paginateListGrants({ client: kms }, { KeyId, Limit: 100 })) {
    const found = Grants.find(({ GrantId }) => GrantId === id);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function settled(check: () => Promise<void>): Promise<void> {
  for (let answers = 0; answers < rightAnswers; answers += 1) await check();
}

/** As github.com/hashicorp/awspolicyequivalence compares: lists have no order, and one of one entry is that entry. */
function plainPolicy(text: string): unknown {
  return plain(JSON.parse(text));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    const entries = value.map(plain).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return entries.length === 1 ? entries[0] : entries;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, plain(member)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
