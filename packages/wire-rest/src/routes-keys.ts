import {
  createKey,
  limits,
  listKeySummaries,
  restoreKey,
  rotateKeyOnDemand,
  scheduleKeyDeletion,
  summarizeKey,
} from "@coffer/service";
import { algorithmName, describeKeyRecord, keyReference, newAlias, restKeyId } from "./key-names.ts";
import { members, pathPart, type RestCall, type Route } from "./route.ts";

function keyOf(call: RestCall): { keyID: string; keyId: string } {
  const keyID = pathPart(call, "keyID");
  return { keyID, keyId: keyReference(keyID) };
}

/** Keys: make, list, read, delete, restore, rotate. */
export const keyRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/keys",
    summary: "Make a key",
    status: 201,
    body: members({
      key_id: { type: "string", required: true, about: "the name of the new key" },
      description: { type: "string", about: "what the key is for", max: limits.descriptionChars.value },
      tags: { type: "tags", about: "pairs of text" },
    }),
    async run(call) {
      const keyID = call.body.get<"string">("key_id");
      const { key } = await call.execute(createKey, {
        aliases: [newAlias(keyID)],
        description: call.body.find<"string">("description"),
        tags: call.body.find<"tags">("tags"),
      });
      return { id: keyID, algorithm: algorithmName(key) };
    },
  },
  {
    method: "GET",
    path: "/keys",
    summary: "List keys",
    status: 200,
    query: members({
      limit: { type: "integer", about: "how many on one page", min: 1, max: limits.pageItems.value },
      marker: { type: "string", about: "`next` of the page before" },
    }),
    async run(call) {
      const page = await call.execute(listKeySummaries, {
        limit: call.query.find<"integer">("limit"),
        marker: call.query.find<"string">("marker"),
      });
      const keys = page.items.map((summary) => describeKeyRecord(restKeyId(summary), summary.key));
      return page.nextMarker === undefined ? { keys } : { keys, next: page.nextMarker };
    },
  },
  {
    method: "GET",
    path: "/keys/{keyID}",
    summary: "Read a key's metadata",
    status: 200,
    async run(call) {
      const { keyID, keyId } = keyOf(call);
      const { key } = await call.execute(summarizeKey, { keyId });
      return describeKeyRecord(keyID, key);
    },
  },
  {
    method: "DELETE",
    path: "/keys/{keyID}",
    summary: "Delete a key: it stops working at once and is destroyed after the waiting period",
    status: 200,
    query: members({
      days: {
        type: "integer",
        about: "the waiting period",
        min: limits.pendingWindowMinDays.value,
        max: limits.pendingWindowMaxDays.value,
      },
    }),
    async run(call) {
      const { keyID, keyId } = keyOf(call);
      const pendingWindowDays = call.query.find<"integer">("days");
      const { key } = await call.execute(scheduleKeyDeletion, { keyId, pendingWindowDays });
      return describeKeyRecord(keyID, key);
    },
  },
  {
    method: "POST",
    path: "/keys/{keyID}/restore",
    summary: "Undo a deletion: the key works again at once",
    status: 200,
    async run(call) {
      const { keyID, keyId } = keyOf(call);
      const { key } = await call.execute(restoreKey, { keyId });
      return describeKeyRecord(keyID, key);
    },
  },
  {
    method: "POST",
    path: "/keys/{keyID}/rotate",
    summary: "Give a key new material; old ciphertexts go on decrypting",
    status: 200,
    async run(call) {
      const { keyID, keyId } = keyOf(call);
      const { key } = await call.execute(rotateKeyOnDemand, { keyId, limited: false });
      return describeKeyRecord(keyID, key);
    },
  },
];
