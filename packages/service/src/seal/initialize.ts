import type { Core } from "../core.ts";
import { firstRootCredential, type RootCredential } from "../identity/bootstrap.ts";
import { generateRootKey, Keyring } from "../keyring/keyring.ts";
import type { ChangeEvent } from "../pipeline/unrecorded.ts";
import type { Quorum, SealedWithShares, ShareSeal } from "../ports/share-seal.ts";
import type { Write } from "../ports/store.ts";

/** What an instance is made in. */
export interface InitializeParts extends Pick<Core, "store" | "clock" | "randomness" | "account"> {
  readonly shareSeal: ShareSeal;
}

/** What exists nowhere else: whoever gets it shows it once and disposes of the shares. */
export interface Initialized {
  readonly shares: SealedWithShares["shares"];
  readonly root: RootCredential;
}

/**
 * Makes root key, keyring and the account root's credentials, in one commit with the audit record of it: an instance is
 * initialized as a whole or not at all. It stays sealed. The audit trail tells of it once it is opened.
 *
 * @throws StoreConflict when somebody initialized it meanwhile
 */
export async function initializeWithShares(
  parts: InitializeParts,
  quorum: Quorum,
  event: ChangeEvent,
): Promise<Initialized> {
  const { store, clock, randomness, account, shareSeal } = parts;
  using rootKey = generateRootKey();
  const { sealed, shares } = await shareSeal.seal(rootKey, quorum);
  const made = Keyring.make(store, rootKey, sealed, clock);
  const { keyring } = made;
  try {
    const root = firstRootCredential({ keyring, clock, randomness, account });
    const outbox: Write = { op: "insert", table: "auditOutbox", row: { ...event, afterSequence: 0, revision: 1 } };
    await store.commit([...made.writes, ...root.writes, outbox]);
    return { shares, root: root.credential };
  } catch (error) {
    for (const share of shares) share.dispose();
    throw error;
  } finally {
    keyring.close();
  }
}
