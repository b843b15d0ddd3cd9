import { SecretBytes } from "@coffer/crypto";
import { collectShares, type Quorum, type RootKeySetting, readSealedRootKey } from "@coffer/service";
import { readShare } from "@coffer/wire-vault";
import type { Foundation } from "./foundation.ts";
import { OperatorError } from "./operator-error.ts";

/** Gives shares one after the other, as their holders type them; undefined when there are no more. */
export interface ShareSource {
  /** Told once, before the first. */
  wanted(quorum: Quorum): void;
  next(): Promise<string | undefined>;
}

/**
 * Opens a root key with shares that people bring to this machine.
 *
 * @throws OperatorError for a share that is none of this seal's, or too few
 * @returns the root key, of which the caller disposes
 */
export async function openRootWithShares(
  { store, shareSeal }: Pick<Foundation, "store" | "shareSeal">,
  setting: RootKeySetting,
  source: ShareSource,
): Promise<SecretBytes> {
  const stored = await readSealedRootKey(store, setting);
  const progress = stored === undefined ? undefined : collectShares(shareSeal, stored.sealed);
  if (progress === undefined) throw new OperatorError("there are no shares that open this data directory.");
  source.wanted(progress.quorum);
  while (!progress.isComplete) {
    const text = await source.next();
    if (text === undefined) {
      const { threshold } = progress.quorum;
      throw new OperatorError(`${progress.given} of ${threshold} different shares were given: nothing was changed.`);
    }
    const outcome = progress.add(SecretBytes.takeFrom(parseShare(text)));
    if (outcome === "foreign") throw new OperatorError("that is no share of this data directory: nothing was changed.");
  }
  const rootKey = await progress.open();
  if (rootKey === undefined) throw new OperatorError("the shares do not open the data directory: it was damaged.");
  return rootKey;
}

function parseShare(text: string): Uint8Array {
  try {
    return readShare(text);
  } catch {
    throw new OperatorError("a share is 66 hex digits, or its base64: nothing was changed.");
  }
}
