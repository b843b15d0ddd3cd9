import { Keyring, ServiceError } from "@coffer/service";
import type { Foundation } from "./foundation.ts";
import { OperatorError } from "./operator-error.ts";

/** What an operator calls what each seal opens with. */
const openers: Readonly<Record<Foundation["sealKind"], string>> = {
  keyfile: "key file",
  passphrase: "passphrase",
  shamir: "shares",
};

/**
 * Opens the keyring with the seal of the settings, or makes it on the first start. The seal is not needed after that, and
 * leaves memory.
 *
 * @throws OperatorError when that seal cannot open it
 * @returns undefined for a seal that opens with shares
 */
export async function openOwnKeyring({ store, ownSeal, sealKind, clock }: Foundation): Promise<Keyring | undefined> {
  if (ownSeal === undefined) return undefined;
  try {
    return await Keyring.open(store, ownSeal.seal, clock);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== "Sealed") throw error;
    const opener = openers[sealKind];
    throw new OperatorError(
      `the data directory was sealed with another ${opener}: give the one that it began with.`,
      1,
      { cause: error },
    );
  } finally {
    ownSeal.dispose();
  }
}
