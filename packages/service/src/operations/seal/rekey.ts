import type { Call } from "../../pipeline/operation.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { Write } from "../../ports/store.ts";
import type { NewShares, RekeyStatus, ShareKind, VerificationStatus, WantedShares } from "../../seal/root-of-trust.ts";
import { sealEventSource } from "../../seal/seal-event.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";

interface OfKind {
  readonly kind: ShareKind;
}

/** One share of somebody's. The operation wipes it. */
export interface SubmittedShare extends OfKind {
  readonly share: Uint8Array;
  readonly nonce: string;
}

const parts = {
  plane: "control",
  eventSource: sealEventSource,
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
} as const;

const recordKind = ({ kind }: OfKind) => ({ kind });
const commitOf =
  ({ core }: Pick<Call<unknown>, "core">) =>
  (writes: readonly Write[]) =>
    core.commit(writes);

/** Nobody gets shares whose audit record could not be written. */
function wipeShares(made: NewShares | undefined): void {
  for (const share of made?.shares ?? []) share.dispose();
}

/** Of new shares it says that they are there, and no more. */
const recordShares = (made: NewShares | undefined) => ({
  complete: made !== undefined,
  verificationRequired: made?.verificationNonce !== undefined,
});

/** Vault API: GET sys/rekey/init. */
export const readRekey = defineOperation<OfKind, RekeyStatus>({
  ...parts,
  name: "ReadRekey",
  readOnly: true,
  record: recordKind,
  run: ({ core, input }) => core.rootOfTrust.rekeyStatus(input.kind),
});

/**
 * Vault API: PUT sys/rekey/init. Recovery shares are made at once where there are none yet; else a quorum of the present
 * shares makes the new ones (`submitRekeyShare`).
 */
export const startRekey = defineOperation<OfKind & WantedShares, NewShares | undefined>({
  ...parts,
  name: "StartRekey",
  readOnly: false,
  record: ({ kind, quorum, verify }) => ({ kind, ...quorum, verify }),
  recordOutput: recordShares,
  run: (call) => call.core.rootOfTrust.startRekey(call.input.kind, call.input, commitOf(call)),
  wipe: wipeShares,
});

/** Vault API: PUT sys/rekey/update. */
export const submitRekeyShare = defineOperation<SubmittedShare, NewShares | undefined>({
  ...parts,
  name: "SubmitRekeyShare",
  readOnly: false,
  record: recordKind,
  recordOutput: recordShares,
  run: (call) =>
    call.core.rootOfTrust.submitRekeyShare(call.input.kind, call.input.share, call.input.nonce, commitOf(call)),
  wipe: wipeShares,
});

/** Vault API: DELETE sys/rekey/init. With a nonce, it cancels the one of that name only. */
export const cancelRekey = defineOperation<OfKind & { readonly nonce: string | undefined }, null>({
  ...parts,
  name: "CancelRekey",
  readOnly: false,
  record: recordKind,
  run({ core, input }) {
    core.rootOfTrust.cancelRekey(input.kind, input.nonce);
    return null;
  },
});

/** Vault API: GET sys/rekey/verify. */
export const readRekeyVerification = defineOperation<OfKind, VerificationStatus>({
  ...parts,
  name: "ReadRekeyVerification",
  readOnly: true,
  record: recordKind,
  run: ({ core, input }) => core.rootOfTrust.verificationStatus(input.kind),
});

/** Vault API: PUT sys/rekey/verify. Returns whether the new shares count now. */
export const verifyRekeyShare = defineOperation<SubmittedShare, boolean>({
  ...parts,
  name: "VerifyRekeyShare",
  readOnly: false,
  record: recordKind,
  recordOutput: (complete) => ({ complete }),
  run: (call) => call.core.rootOfTrust.verifyShare(call.input.kind, call.input.share, call.input.nonce, commitOf(call)),
});

/** Vault API: DELETE sys/rekey/verify. */
export const restartRekeyVerification = defineOperation<OfKind, VerificationStatus>({
  ...parts,
  name: "RestartRekeyVerification",
  readOnly: false,
  record: recordKind,
  run: ({ core, input }) => core.rootOfTrust.restartVerification(input.kind),
});
