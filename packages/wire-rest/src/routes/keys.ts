import {
  createKey,
  limits,
  listKeySummaries,
  restoreKey,
  rotateKeyOnDemand,
  scheduleKeyDeletion,
  summarizeKey,
} from "@coffer/service";
import { answer, definePlainRoute, defineRoute, type Parameter, type RestRoute } from "../http/route.ts";
import {
  algorithmOf,
  formatKey,
  formatKeyDetails,
  isoTime,
  keyDetailsSchema,
  keySchema,
  stateOf,
} from "./key-format.ts";
import { keyIdParameter, keyIdSchema, keyReference, nameOf, newAlias } from "./key-id.ts";

const tag = "keys";

/** How many items a page of a listing has. */
export const limitParameter: Parameter = {
  name: "limit",
  in: "query",
  required: false,
  schema: {
    type: "integer",
    minimum: 1,
    maximum: limits.pageItems.value,
    default: 100,
    description: "Items of one page.",
  },
};

/** Where a listing goes on. */
export const markerParameter: Parameter = {
  name: "marker",
  in: "query",
  required: false,
  schema: { type: "string", maxLength: 1024, description: "`next` of the page before." },
};

/** `next` in an answer. */
export const nextSchema = {
  type: "string",
  description: "Marker of the next page; absent on the last one.",
} as const;

const stateAnswer = {
  type: "object",
  properties: {
    id: { type: "string", description: "The key as it was named." },
    state: keyDetailsSchema.properties["state"]!,
    version: keyDetailsSchema.properties["version"]!,
    deletion_at: keyDetailsSchema.properties["deletion_at"]!,
  },
  required: ["id"],
  additionalProperties: false,
} as const;

const create = defineRoute(
  {
    method: "POST",
    path: "/keys",
    operationId: "createKey",
    tag,
    summary: "Make a key",
    body: {
      type: "object",
      properties: {
        key_id: { ...keyIdSchema, description: "Name of the new key: the KMS alias and the Transit key of that name." },
        description: { type: "string", maxLength: limits.descriptionChars.value, description: "What the key is for." },
        tags: {
          type: "object",
          description: "Tags, by name.",
          maxProperties: limits.tags.value,
          additionalProperties: { type: "string", maxLength: limits.tagValueChars.value },
        },
      },
      required: ["key_id"],
      additionalProperties: false,
      examples: [{ key_id: "orders", description: "Orders of the shop", tags: { team: "shop" } }],
    },
    answers: {
      status: 201,
      description: "The key is made, durably.",
      schema: {
        type: "object",
        properties: {
          id: { type: "string", description: "Name of the key." },
          algorithm: { type: "string", description: "Algorithm of the key." },
        },
        required: ["id", "algorithm"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const { key_id, description, tags } = call.body;
    const alias = newAlias(key_id);
    const { key } = await call.execute(createKey, {
      aliases: [alias],
      description,
      tags: tags === undefined ? undefined : Object.keys(tags).map((name) => ({ key: name, value: tags[name]! })),
    });
    return answer(201, { id: nameOf(alias, key.keyId), algorithm: algorithmOf(key) });
  },
);

const list = definePlainRoute(
  {
    method: "GET",
    path: "/keys",
    operationId: "listKeys",
    tag,
    summary: "List the keys",
    parameters: [limitParameter, markerParameter],
    answers: {
      status: 200,
      description: "One page of keys.",
      schema: {
        type: "object",
        properties: {
          keys: { type: "array", description: "Keys, in no order that means anything.", items: keySchema },
          next: nextSchema,
        },
        required: ["keys"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const page = await call.execute(listKeySummaries, { limit: call.integer("limit"), marker: call.text("marker") });
    const keys = page.items.map(({ key, alias }) => formatKey(key, alias));
    return answer(200, { keys, next: page.nextMarker });
  },
);

const read = definePlainRoute(
  {
    method: "GET",
    path: "/keys/{keyID}",
    operationId: "readKey",
    tag,
    summary: "Show a key",
    parameters: [keyIdParameter],
    answers: { status: 200, description: "The key.", schema: keyDetailsSchema },
  },
  async (call) => {
    const { key, alias } = await call.execute(summarizeKey, {
      keyId: keyReference(call.requiredText("keyID"), "keyID"),
    });
    return answer(200, formatKeyDetails(key, alias));
  },
);

const remove = definePlainRoute(
  {
    method: "DELETE",
    path: "/keys/{keyID}",
    operationId: "deleteKey",
    tag,
    summary: "Schedule a key for deletion; it stops working at once and can be restored until it is destroyed",
    parameters: [
      keyIdParameter,
      {
        name: "days",
        in: "query",
        required: false,
        schema: {
          type: "integer",
          minimum: limits.pendingWindowMinDays.value,
          maximum: limits.pendingWindowMaxDays.value,
          default: limits.pendingWindowMaxDays.value,
          description: "Days until the key is destroyed.",
        },
      },
    ],
    answers: { status: 200, description: "The key waits for its destruction.", schema: stateAnswer },
  },
  async (call) => {
    const id = call.requiredText("keyID");
    const input = { keyId: keyReference(id, "keyID"), pendingWindowDays: call.integer("days") };
    const { key } = await call.execute(scheduleKeyDeletion, input);
    return answer(200, { id, state: stateOf(key), deletion_at: isoTime(key.deletionAtMs ?? 0) });
  },
);

const restore = definePlainRoute(
  {
    method: "POST",
    path: "/keys/{keyID}/restore",
    operationId: "restoreKey",
    tag,
    summary: "Cancel the deletion of a key; it works again at once",
    parameters: [keyIdParameter],
    answers: { status: 200, description: "The key works again.", schema: stateAnswer },
  },
  async (call) => {
    const id = call.requiredText("keyID");
    const { key } = await call.execute(restoreKey, { keyId: keyReference(id, "keyID") });
    return answer(200, { id, state: stateOf(key) });
  },
);

const rotate = definePlainRoute(
  {
    method: "POST",
    path: "/keys/{keyID}/rotate",
    operationId: "rotateKey",
    tag,
    summary: "Give a key new material; what older versions encrypted goes on decrypting",
    parameters: [keyIdParameter],
    answers: { status: 200, description: "The new version is in use.", schema: stateAnswer },
  },
  async (call) => {
    const id = call.requiredText("keyID");
    const { key } = await call.execute(rotateKeyOnDemand, { keyId: keyReference(id, "keyID"), limited: false });
    return answer(200, { id, version: key.currentVersion });
  },
);

/** Keys: make, list, show, rotate, delete, restore. */
export const keyRoutes: readonly RestRoute[] = [create, list, read, rotate, remove, restore];
