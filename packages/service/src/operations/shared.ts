import type { KeyState } from "../model/key.ts";
import type { KeyDemand, KeyTarget } from "../pipeline/operation.ts";

/** Input of an operation on one key, named by id, ARN or alias. */
export interface KeyInput {
  readonly keyId: string;
}

/** Every state: metadata can always be read. */
export const anyState: readonly KeyState[] = [
  "active",
  "suspended",
  "preActivation",
  "pendingDestruction",
  "pendingReplicaDestruction",
];
/** States of a key whose deletion is scheduled. */
export const dyingStates: readonly KeyState[] = ["pendingDestruction", "pendingReplicaDestruction"];
/** States of a key that is not on its way out. */
export const livingStates: readonly KeyState[] = ["active", "suspended", "preActivation"];
export const activeOnly: readonly KeyState[] = ["active"];

/** The demand for the key that the caller names by `keyId`. */
export function namedKey<Input extends KeyInput>(
  action: string,
  states: readonly KeyState[],
  more: Partial<Pick<KeyDemand<Input>, "usage" | "algorithm" | "customerOnly" | "inKeyStore" | "origins">> = {},
): KeyDemand<Input> {
  return { action, states, target: (input): KeyTarget => ({ by: "reference", text: input.keyId }), ...more };
}

/** One page of a listing. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page goes on; absent on the last one. */
  readonly nextMarker?: string;
}

export interface PageInput {
  /** 1 to 1000. */
  readonly limit?: number | undefined;
  readonly marker?: string | undefined;
}

export const dayMs = 86_400_000;
