import type { Core } from "../../core.ts";
import { rewrapSecrets } from "../../keyring/rewrap.ts";
import { defineOperation } from "../../pipeline/operation.ts";

export interface RotateKeyringOutput {
  readonly wrappingKeyId: string;
  /** How many stored secrets were rewrapped under it. */
  readonly rewrapped: number;
}

/**
 * Makes a new wrapping key, rewraps every stored secret under it while requests go on, and destroys the keys before the
 * last one. A wrapping key that still wraps a damaged row is kept.
 */
export const rotateKeyring = defineOperation<null, RotateKeyringOutput>({
  name: "RotateKeyring",
  plane: "control",
  readOnly: false,
  eventSource: "coffer",
  instanceWide: true,
  keys: [],
  resources: () => [{ action: "coffer:RotateKeyring", resource: "*" }],
  record: () => null,
  recordOutput: ({ wrappingKeyId, rewrapped }) => ({ wrappingKeyId, rewrapped }),
  run: ({ core }) => core.keyring.inTurn(() => rotateAndRewrap(core)),
});

async function rotateAndRewrap(core: Core): Promise<RotateKeyringOutput> {
  const olderIds = core.keyring.wrappingKeyIds;
  const wrappingKeyId = await core.keyring.rotate(core);
  let rewrapped = 0;
  for (const [index, olderId] of olderIds.entries()) {
    const { moved, done } = await rewrapSecrets(core, olderId);
    rewrapped += moved;
    // A commit that was under way may still bring a secret under the key that was current: that key stays one rotation
    // more.
    if (done && index < olderIds.length - 1) await core.keyring.destroy(olderId);
  }
  return { wrappingKeyId, rewrapped };
}
