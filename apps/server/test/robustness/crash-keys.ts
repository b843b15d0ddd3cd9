import type { HttpRequest, Reply } from "./http-client.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { succeeded, type WireName, type Wires } from "./wires.ts";

/** What is known of a key: what every answered change made of it. */
export interface KeyModel {
  /** Its name in REST and Transit; the key id of a key that AWS made, which has no name of its own. */
  readonly reference: string;
  /** Undefined until an answer told it. */
  readonly keyId: string | undefined;
  readonly state: "enabled" | "disabled" | "pending_deletion";
  readonly version: number;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Sorted, with their prefix. */
  readonly aliases: readonly string[];
  /** The Sid of the policy's statement. */
  readonly policy: string;
  readonly deletionAllowed: boolean;
}

/** A request that changes one key, and what the key is once it is answered. */
export interface PlannedChange {
  readonly wire: WireName;
  readonly request: HttpRequest;
  readonly after: (reply: Reply) => KeyModel;
  /** What the key is when no answer came but the change was made; undefined when nothing can be known of it then. */
  readonly presumed: KeyModel | undefined;
}

type Creation = (wires: Wires, name: string, random: SeededRandom) => PlannedChange;

const defaultPolicy = "Enable IAM User Permissions";

function newKey(reference: string, named: boolean, changes: Partial<KeyModel> = {}): KeyModel {
  return {
    reference,
    keyId: named ? undefined : reference,
    state: "enabled",
    version: 1,
    description: "",
    tags: {},
    aliases: named ? [`alias/${reference}`] : [],
    policy: defaultPolicy,
    deletionAllowed: false,
    ...changes,
  };
}

const creations: readonly Creation[] = [
  (wires, name, random) => {
    const description = random.text(12);
    const tags = { made: random.text(4) };
    const after = newKey(name, true, { description, tags });
    const request = wires.restRequest("POST", "/keys", { key_id: name, description, tags });
    return { wire: "rest", request, after: () => after, presumed: after };
  },
  (wires, name) => {
    const after = newKey(name, true);
    return {
      wire: "vault",
      request: wires.vaultRequest("POST", `transit/keys/${name}`, {}),
      after: () => after,
      presumed: after,
    };
  },
  (wires, _name, random) => {
    const Description = random.text(12);
    return {
      wire: "aws",
      request: wires.awsRequest("CreateKey", { Description }),
      after: (reply) => newKey(reply.json.KeyMetadata.KeyId as string, false, { description: Description }),
      // Nobody knows its id.
      presumed: undefined,
    };
  },
];

/** Plans the making of a key through any of the APIs. */
export function planCreation(wires: Wires, name: string, random: SeededRandom): PlannedChange {
  return random.pick(creations)(wires, name, random);
}

/** How AWS names a key of the model. */
export function awsKeyId({ reference, keyId }: KeyModel): string {
  return keyId === reference ? reference : `alias/${reference}`;
}

interface Change {
  readonly wire: WireName;
  readonly possible: (key: KeyModel) => boolean;
  readonly plan: (wires: Wires, key: KeyModel, random: SeededRandom) => readonly [HttpRequest, Partial<KeyModel>];
}

const enabled = ({ state }: KeyModel) => state === "enabled";
const living = ({ state }: KeyModel) => state !== "pending_deletion";
const pending = ({ state }: KeyModel) => state === "pending_deletion";
/** AWS allows 25 rotations a key. */
const rotatable = (key: KeyModel) => enabled(key) && key.version < 20;
const named = ({ keyId, reference }: KeyModel) => keyId !== reference;

function policyDocument(sid: string): Record<string, unknown> {
  const Principal = { AWS: "arn:aws:iam::000000000000:root" };
  return {
    Version: "2012-10-17",
    Statement: [{ Sid: sid, Effect: "Allow", Principal, Action: "kms:*", Resource: "*" }],
  };
}

function firstExtraAlias({ aliases, reference }: KeyModel): string | undefined {
  return aliases.find((name) => name !== `alias/${reference}`);
}

const changes: readonly Change[] = [
  {
    wire: "aws",
    possible: (key) => rotatable(key) && key.keyId !== undefined,
    plan: (wires, key) => [wires.awsRequest("RotateKeyOnDemand", { KeyId: key.keyId }), { version: key.version + 1 }],
  },
  {
    wire: "rest",
    possible: rotatable,
    plan: (wires, key) => [wires.restRequest("POST", `/keys/${key.reference}/rotate`), { version: key.version + 1 }],
  },
  {
    wire: "vault",
    possible: (key) => rotatable(key) && named(key),
    plan: (wires, key) => [
      wires.vaultRequest("POST", `transit/keys/${key.reference}/rotate`, {}),
      { version: key.version + 1 },
    ],
  },
  {
    wire: "aws",
    possible: (key) => living(key) && key.keyId !== undefined,
    plan(wires, key, random) {
      const [TagKey, TagValue] = [`t${random.integer(4)}`, random.text(6)];
      const request = wires.awsRequest("TagResource", { KeyId: key.keyId, Tags: [{ TagKey, TagValue }] });
      return [request, { tags: { ...key.tags, [TagKey]: TagValue } }];
    },
  },
  {
    wire: "aws",
    possible: (key) => living(key) && key.keyId !== undefined && Object.keys(key.tags).length > 0,
    plan(wires, key) {
      const { [Object.keys(key.tags)[0] ?? ""]: _gone, ...tags } = key.tags;
      const TagKeys = [Object.keys(key.tags)[0]];
      return [wires.awsRequest("UntagResource", { KeyId: key.keyId, TagKeys }), { tags }];
    },
  },
  {
    wire: "aws",
    possible: (key) => living(key) && key.keyId !== undefined,
    plan(wires, key, random) {
      const policy = random.text(10);
      const Policy = JSON.stringify(policyDocument(policy));
      return [wires.awsRequest("PutKeyPolicy", { KeyId: key.keyId, Policy }), { policy }];
    },
  },
  {
    wire: "rest",
    possible: living,
    plan(wires, key, random) {
      const policy = random.text(10);
      return [wires.restRequest("PUT", `/admin/key-policies/${key.reference}`, policyDocument(policy)), { policy }];
    },
  },
  {
    wire: "aws",
    possible: (key) => enabled(key) && key.keyId !== undefined,
    plan(wires, key, random) {
      const description = random.text(12);
      return [
        wires.awsRequest("UpdateKeyDescription", { KeyId: key.keyId, Description: description }),
        { description },
      ];
    },
  },
  {
    wire: "aws",
    possible: (key) => living(key) && key.keyId !== undefined && key.aliases.length < 4,
    plan(wires, key, random) {
      const AliasName = `alias/extra-${random.text(12)}`;
      const request = wires.awsRequest("CreateAlias", { AliasName, TargetKeyId: key.keyId });
      return [request, { aliases: [...key.aliases, AliasName].sort() }];
    },
  },
  {
    wire: "aws",
    possible: (key) => firstExtraAlias(key) !== undefined,
    plan(wires, key) {
      const AliasName = firstExtraAlias(key);
      return [
        wires.awsRequest("DeleteAlias", { AliasName }),
        { aliases: key.aliases.filter((name) => name !== AliasName) },
      ];
    },
  },
  {
    wire: "vault",
    possible: (key) => living(key) && named(key),
    plan: (wires, key) => [
      wires.vaultRequest("POST", `transit/keys/${key.reference}/config`, { deletion_allowed: !key.deletionAllowed }),
      { deletionAllowed: !key.deletionAllowed },
    ],
  },
  {
    wire: "aws",
    possible: (key) => enabled(key) && key.keyId !== undefined,
    plan: (wires, key) => [wires.awsRequest("DisableKey", { KeyId: key.keyId }), { state: "disabled" }],
  },
  {
    wire: "aws",
    possible: (key) => key.state === "disabled" && key.keyId !== undefined,
    plan: (wires, key) => [wires.awsRequest("EnableKey", { KeyId: key.keyId }), { state: "enabled" }],
  },
  {
    wire: "aws",
    possible: (key) => living(key) && key.keyId !== undefined,
    plan: (wires, key) => [
      wires.awsRequest("ScheduleKeyDeletion", { KeyId: key.keyId, PendingWindowInDays: 7 }),
      { state: "pending_deletion" },
    ],
  },
  {
    wire: "rest",
    possible: living,
    plan: (wires, key) => [wires.restRequest("DELETE", `/keys/${key.reference}?days=7`), { state: "pending_deletion" }],
  },
  {
    wire: "vault",
    possible: (key) => living(key) && named(key) && key.deletionAllowed,
    plan: (wires, key) => [
      wires.vaultRequest("DELETE", `transit/keys/${key.reference}`),
      { state: "pending_deletion" },
    ],
  },
  {
    wire: "aws",
    possible: (key) => pending(key) && key.keyId !== undefined,
    plan: (wires, key) => [wires.awsRequest("CancelKeyDeletion", { KeyId: key.keyId }), { state: "disabled" }],
  },
  {
    wire: "rest",
    possible: pending,
    plan: (wires, key) => [wires.restRequest("POST", `/keys/${key.reference}/restore`), { state: "enabled" }],
  },
];

/** Plans any change that the key's state allows. */
export function planChange(wires: Wires, key: KeyModel, random: SeededRandom): PlannedChange {
  const { wire, plan } = random.pick(changes.filter(({ possible }) => possible(key)));
  const [request, changed] = plan(wires, key, random);
  const after = { ...key, ...changed };
  return { wire, request, after: () => after, presumed: after };
}

/** The requests that make a key work again, whatever state it is in. */
export async function revive(wires: Wires, key: KeyModel): Promise<void> {
  if (key.state === "pending_deletion") succeeded(await wires.rest("POST", `/keys/${key.reference}/restore`));
  if (key.state === "disabled") succeeded(await wires.aws("EnableKey", { KeyId: key.keyId }));
}

/** A key as the server has it; undefined when there is none. */
export async function readKey(wires: Wires, reference: string): Promise<KeyModel | undefined> {
  const reply = await wires.rest("GET", `/keys/${reference}`);
  if (reply.status === 404) return undefined;
  const { arn, state, version, description, tags } = succeeded(reply);
  const keyId = arn.slice(arn.indexOf("/") + 1);
  const { Aliases } = succeeded(await wires.aws("ListAliases", { KeyId: keyId }));
  const { Policy } = succeeded(await wires.aws("GetKeyPolicy", { KeyId: keyId }));
  const isNamed = reference !== keyId;
  const transit =
    isNamed && state !== "pending_deletion" ? await wires.vault("GET", `transit/keys/${reference}`) : undefined;
  return {
    reference,
    keyId,
    state,
    version,
    description,
    tags,
    aliases: Aliases.map(({ AliasName }: { AliasName: string }) => AliasName).sort(),
    policy: JSON.parse(Policy).Statement[0].Sid,
    deletionAllowed: transit === undefined ? false : succeeded(transit).data.deletion_allowed,
  };
}

/**
 * Compares a key with what the model says of it; what cannot be read is not compared.
 *
 * @returns the model with what was learnt; undefined when the key is another
 */
export function agree(actual: KeyModel, expected: KeyModel): KeyModel | undefined {
  const { deletionAllowed } = pending(actual) ? expected : actual;
  const seen = { ...actual, deletionAllowed };
  const comparable = { ...expected, keyId: expected.keyId ?? actual.keyId };
  return JSON.stringify(sorted(seen)) === JSON.stringify(sorted(comparable)) ? seen : undefined;
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, inner]) => [name, sorted(inner)]);
}
