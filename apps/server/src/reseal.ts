import { randomId, type SecretBytes } from "@coffer/crypto";
import {
  type Quorum,
  quorumProblem,
  readSealedRootKey,
  recoverySetting,
  rootKeySetting,
  type SealedRootKey,
  type SealedWithShares,
  type StoredRootKey,
  sealEvent,
  sealedRootKeyWrite,
  type Write,
} from "@coffer/service";
import { reportBug, tellOperator } from "./compose.ts";
import type { SealSettings, Settings } from "./config/index.ts";
import { type Foundation, openFoundation, openOwnSeal } from "./foundation.ts";
import { OperatorError } from "./operator-error.ts";
import { openRootWithShares, type ShareSource } from "./shares-by-hand.ts";
import { systemClock } from "./system-clock.ts";

export interface ResealOptions {
  /** Where the shares come from: of the shamir seal, or the recovery shares of another. */
  readonly shares: ShareSource;
  /** What a new shamir seal is to have. */
  readonly quorum: Quorum;
}

/**
 * Gives the data directory of a server that is stopped another seal: that of the settings. A quorum of its shares opens the
 * root key, so that it works when a key file is lost or a passphrase forgotten. What the old seal opened with opens nothing
 * any more; recovery shares stay, unless the new seal has shares of its own.
 *
 * @throws OperatorError, and errors whose messages are for operators, such as when the server runs
 * @returns the shares of a new shamir seal, as base64; none for another
 */
export async function reseal(settings: Settings, options: ResealOptions): Promise<readonly string[]> {
  if (settings.persistent === undefined) {
    throw new OperatorError("dev mode keeps everything in memory: there is nothing to reseal.", 2);
  }
  const problem = quorumProblem(options.quorum);
  if (problem !== undefined) throw new OperatorError(`${problem}.`, 2);
  const foundation = await openFoundation(settings, systemClock, { reportBug, tellOperator }, async () => undefined);
  try {
    return await resealOn(foundation, settings.persistent.seal, options);
  } finally {
    await foundation.close();
  }
}

async function resealOn(
  foundation: Foundation,
  seal: SealSettings,
  { shares: source, quorum }: ResealOptions,
): Promise<readonly string[]> {
  const { store } = foundation;
  const root = await readSealedRootKey(store, rootKeySetting);
  if (root === undefined) throw new OperatorError("there is nothing in this data directory to reseal.");
  const recovery = await readSealedRootKey(store, recoverySetting);
  if (root.sealed.kind !== "shamir" && recovery === undefined) {
    throw new OperatorError(
      "this data directory has no recovery shares; the seal that it has is the only way to open it.",
    );
  }
  const opens = root.sealed.kind === "shamir" ? rootKeySetting : recoverySetting;
  using rootKey = await openRootWithShares(foundation, opens, source);
  const { sealed, shares } = await sealAnew(foundation, seal, rootKey, quorum);
  await store.commit([
    sealedRootKeyWrite(rootKeySetting, sealed, root),
    ...withoutRecovery(seal, recovery),
    eventWrite(foundation, root, sealed),
  ]);
  return shares.map((share) => {
    const text = share.use((bytes) => bytes.toString("base64"));
    share.dispose();
    return text;
  });
}

async function sealAnew(
  { shareSeal }: Foundation,
  settings: SealSettings,
  rootKey: SecretBytes,
  quorum: Quorum,
): Promise<SealedWithShares> {
  const own = await openOwnSeal(settings, true);
  if (own === undefined) return shareSeal.seal(rootKey, quorum);
  try {
    return { sealed: await own.seal.seal(rootKey), shares: [] };
  } finally {
    own.dispose();
  }
}

/** A seal with shares has no second way in. */
function withoutRecovery({ kind }: SealSettings, recovery: StoredRootKey | undefined): Write[] {
  if (kind !== "shamir" || recovery === undefined) return [];
  return [{ op: "delete", table: "settings", key: { name: recoverySetting }, revision: recovery.revision }];
}

/** Committed with the change; the trail tells of it once the server starts. */
function eventWrite({ settings, clock }: Foundation, before: StoredRootKey, after: SealedRootKey): Write {
  const event = sealEvent({
    caller: {
      requestId: randomId(),
      wire: "rest",
      region: settings.region,
      sourceIp: "127.0.0.1",
      userAgent: "coffer admin reseal",
      secureTransport: true,
    },
    account: settings.account,
    eventName: "Reseal",
    nowMs: clock.nowMs(),
    parameters: { from: before.sealed.kind, to: after.kind },
  });
  return { op: "insert", table: "auditOutbox", row: { ...event, afterSequence: 0, revision: 1 } };
}
