import { rewrapBatch } from "../../keyring/rewrap.ts";
import { defineOperation } from "../../pipeline/operation.ts";

export interface RotateKeyringOutput {
  readonly wrappingKeyId: string;
  /** How many stored secrets were rewrapped under it. */
  readonly rewrapped: number;
}

/** Makes a new wrapping key, rewraps every stored secret under it while requests go on, and destroys the keys
 * before the last one. */
export const rotateKeyring = defineOperation<null, RotateKeyringOutput>({
  name: "RotateKeyring",
  plane: "control",
  readOnly: false,
  eventSource: "coffer",
  keys: [],
  resources: () => [{ action: "coffer:RotateKeyring", resource: "*" }],
  record: () => null,
  recordOutput: ({ wrappingKeyId, rewrapped }) => ({ wrappingKeyId, rewrapped }),
  async run({ core }) {
    const older = core.keyring.wrappingKeyIds;
    const wrappingKeyId = await core.keyring.rotate();
    let rewrapped = 0;
    for (const olderId of older) {
      for (let moved = 1; moved > 0; rewrapped += moved) moved = await rewrapBatch(core, olderId);
    }
    // A commit that was under way may still bring a secret under the key that was current: that key stays one rotation more.
    for (const olderId of older.slice(0, -1)) await core.keyring.destroy(olderId);
    return { wrappingKeyId, rewrapped };
  },
});
