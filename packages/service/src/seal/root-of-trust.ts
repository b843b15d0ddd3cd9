import type { SecretBytes } from "@coffer/crypto";
import { invariant } from "../errors.ts";
import type { Keyring } from "../keyring/keyring.ts";
import type { SealedRootKey } from "../ports/seal.ts";
import { type Quorum, quorumProblem, type SealedWithShares, type ShareSeal } from "../ports/share-seal.ts";
import type { Store, Write } from "../ports/store.ts";
import { OneByOne } from "./one-by-one.ts";
import {
  type RootKeySetting,
  readSealedRootKey,
  recoverySetting,
  rootKeySetting,
  sealedRootKeyWrite,
} from "./root-record.ts";
import { refuseAttempt, ShareAttempt } from "./share-attempt.ts";
import { collectShares, type ShareProgress } from "./share-progress.ts";

/** Shares that open the seal, or shares that recover a seal which opens by itself. */
export type ShareKind = "unseal" | "recovery";

/** How an instance's root key is protected. */
export interface RootOfTrustParts {
  readonly shareSeal: ShareSeal;
  /** Whether the seal opens by itself, so that shares can only be for recovery. */
  readonly opensByItself: boolean;
  /** Told when the shares of the instance are others. */
  readonly sharesChanged?: (() => Promise<void>) | undefined;
}

/** What a rekeying is to make. */
export interface WantedShares {
  readonly quorum: Quorum;
  /** Whether a quorum of the new shares must come before they count, so that none was lost on its way. */
  readonly verify: boolean;
}

/** New shares. They exist nowhere else; whoever gets them shows them once and disposes of them. */
export interface NewShares {
  readonly shares: SealedWithShares["shares"];
  /** With which the new shares come to be verified; undefined when they count already. */
  readonly verificationNonce: string | undefined;
}

interface Rekey {
  readonly wanted: WantedShares;
  readonly attempt: ShareAttempt;
  /** What is stored once its shares are verified. */
  pending: { readonly sealed: SealedRootKey; readonly verification: ShareAttempt } | undefined;
}

/** How far a rekeying is. */
export interface RekeyStatus {
  readonly started: boolean;
  readonly nonce: string;
  readonly wanted: WantedShares | undefined;
  readonly progress: number;
  /** How many of the present shares it takes; 0 where there are none. */
  readonly required: number;
  readonly verificationNonce: string | undefined;
}

export interface VerificationStatus {
  readonly started: boolean;
  readonly nonce: string;
  readonly quorum: Quorum;
  readonly progress: number;
}

type Commit = (writes: readonly Write[]) => Promise<void>;

/** The setting that each kind of shares opens. */
const settings: Readonly<Record<ShareKind, RootKeySetting>> = { unseal: rootKeySetting, recovery: recoverySetting };

/** What the original calls them. */
const kindWords: Readonly<Record<ShareKind, string>> = { unseal: "barrier", recovery: "recovery" };

/**
 * The shares of a running instance's root key, and what is under way to replace them. Everything is in memory: sealing
 * ends it. Errors are in the original's words (OpenBao, internal/vault/rekey.go).
 */
export class RootOfTrust {
  readonly #store: Store;
  readonly #keyring: Keyring;
  readonly #parts: RootOfTrustParts;
  readonly #rekeys = new Map<ShareKind, Rekey>();
  readonly #changes = new OneByOne();

  constructor(store: Store, keyring: Keyring, parts: RootOfTrustParts) {
    this.#store = store;
    this.#keyring = keyring;
    this.#parts = parts;
  }

  /** Collects the shares that stand for the operators together; undefined when there are none. */
  async collectQuorum(): Promise<ShareProgress | undefined> {
    return this.#collect(this.#parts.opensByItself ? "recovery" : "unseal");
  }

  /** @throws ServiceError InvalidInput where this seal has no such shares */
  async rekeyStatus(kind: ShareKind): Promise<RekeyStatus> {
    this.#checkKind(kind);
    const rekey = this.#rekeys.get(kind);
    const required = (await this.#collect(kind))?.quorum.threshold ?? 0;
    return {
      started: rekey !== undefined,
      nonce: rekey?.attempt.nonce ?? "",
      wanted: rekey?.wanted,
      progress: rekey?.attempt.progress.given ?? 0,
      required,
      verificationNonce: rekey?.pending?.verification.nonce,
    };
  }

  /**
   * Begins to replace shares. Where there are none yet, which is so only of recovery shares, they are made at once.
   *
   * @throws ServiceError InvalidInput
   * @returns undefined when the present shares have to come first
   */
  startRekey(kind: ShareKind, wanted: WantedShares, commit: Commit): Promise<NewShares | undefined> {
    return this.#changes.run(() => this.#startRekey(kind, wanted, commit));
  }

  async #startRekey(kind: ShareKind, wanted: WantedShares, commit: Commit): Promise<NewShares | undefined> {
    this.#checkKind(kind);
    const problem = quorumProblem(wanted.quorum);
    const what = kind === "recovery" ? "recovery configuration" : "rekey seal configuration";
    if (problem !== undefined) refuseAttempt(`invalid ${what}: ${problem}`);
    if (this.#rekeys.has(kind)) refuseAttempt("rekey already in progress");
    const present = await this.#collect(kind);
    const words = { purpose: "rekey operation", key: kind === "recovery" ? "recovery key" : "root key" };
    if (present !== undefined) {
      this.#rekeys.set(kind, { wanted, attempt: new ShareAttempt(present, words), pending: undefined });
      return undefined;
    }
    invariant(kind === "recovery", "what opens with shares has shares");
    // Its own attempt, with nothing to wait for: only its verification may follow.
    const made = await this.#keyring.lendRootKey((rootKey) => this.#parts.shareSeal.seal(rootKey, wanted.quorum));
    return this.#finish(kind, { wanted, attempt: this.#verificationOf(made.sealed), pending: undefined }, made, commit);
  }

  /**
   * Takes one of the present shares, which it wipes.
   *
   * @throws ServiceError InvalidInput
   * @returns the new shares with the last one of a quorum
   */
  submitRekeyShare(kind: ShareKind, share: Uint8Array, nonce: string, commit: Commit): Promise<NewShares | undefined> {
    return this.#changes.run(() => this.#submitRekeyShare(kind, share, nonce, commit));
  }

  async #submitRekeyShare(
    kind: ShareKind,
    share: Uint8Array,
    nonce: string,
    commit: Commit,
  ): Promise<NewShares | undefined> {
    this.#checkKind(kind);
    const rekey = this.#rekeys.get(kind) ?? refuseAttempt(`no ${kindWords[kind]} rekey in progress`);
    if (rekey.pending !== undefined) {
      const found = rekey.pending.verification.nonce;
      refuseAttempt(
        `rekey operation already finished; verification must be performed; nonce for the verification operation is "${found}"`,
      );
    }
    rekey.attempt.checkNonce(nonce);
    if (!rekey.attempt.add(share)) return undefined;
    const made = await rekey.attempt.open(this.#keyring, (rootKey) => this.#sealAnew(rootKey, rekey.wanted.quorum));
    return this.#finish(kind, rekey, made, commit);
  }

  /** Gives up a rekeying. @throws ServiceError InvalidInput when `nonce` is given and names another one */
  cancelRekey(kind: ShareKind, nonce: string | undefined): void {
    this.#checkKind(kind);
    const rekey = this.#rekeys.get(kind);
    if (nonce !== undefined) rekey?.attempt.checkNonce(nonce);
    if (rekey !== undefined) this.#forget(kind, rekey);
  }

  /** @throws ServiceError InvalidInput without a rekeying */
  verificationStatus(kind: ShareKind): VerificationStatus {
    this.#checkKind(kind);
    const rekey = this.#rekeys.get(kind) ?? refuseAttempt("no rekey configuration found");
    const verification = rekey.pending?.verification;
    return {
      started: verification !== undefined,
      nonce: verification?.nonce ?? "",
      quorum: rekey.wanted.quorum,
      progress: verification?.progress.given ?? 0,
    };
  }

  /**
   * Takes one of the new shares, which it wipes; with the last one of a quorum they count, and the ones before them no more.
   *
   * @throws ServiceError InvalidInput
   * @returns whether they count
   */
  verifyShare(kind: ShareKind, share: Uint8Array, nonce: string, commit: Commit): Promise<boolean> {
    return this.#changes.run(() => this.#verifyShare(kind, share, nonce, commit));
  }

  async #verifyShare(kind: ShareKind, share: Uint8Array, nonce: string, commit: Commit): Promise<boolean> {
    this.#checkKind(kind);
    const rekey = this.#rekeys.get(kind) ?? refuseAttempt("no rekey operation in progress");
    const { sealed, verification } = rekey.pending ?? refuseAttempt("no rekey verification in progress");
    verification.checkNonce(nonce);
    if (!verification.add(share)) return false;
    await verification.open(this.#keyring, () => this.#keep(kind, sealed, commit));
    this.#forget(kind, rekey);
    return true;
  }

  /** Forgets the new shares that came, and has them come under another nonce. @throws ServiceError InvalidInput */
  restartVerification(kind: ShareKind): VerificationStatus {
    this.#checkKind(kind);
    this.#rekeys.get(kind)?.pending?.verification.restart();
    return this.verificationStatus(kind);
  }

  /** Wipes the shares in memory. */
  close(): void {
    for (const [kind, rekey] of this.#rekeys) this.#forget(kind, rekey);
  }

  async #finish(kind: ShareKind, rekey: Rekey, made: SealedWithShares, commit: Commit): Promise<NewShares> {
    const { shares, sealed } = made;
    if (rekey.wanted.verify) {
      const verification = this.#verificationOf(sealed);
      this.#rekeys.set(kind, { ...rekey, pending: { sealed, verification } });
      return { shares, verificationNonce: verification.nonce };
    }
    try {
      await this.#keep(kind, sealed, commit);
    } catch (error) {
      for (const share of shares) share.dispose();
      throw error;
    }
    this.#forget(kind, rekey);
    return { shares, verificationNonce: undefined };
  }

  #sealAnew(rootKey: SecretBytes, quorum: Quorum): Promise<SealedWithShares> {
    return this.#parts.shareSeal.seal(rootKey, quorum);
  }

  async #keep(kind: ShareKind, sealed: SealedRootKey, commit: Commit): Promise<void> {
    const setting = settings[kind];
    const before = await readSealedRootKey(this.#store, setting);
    await commit([sealedRootKeyWrite(setting, sealed, before)]);
    await this.#parts.sharesChanged?.();
  }

  #verificationOf(sealed: SealedRootKey): ShareAttempt {
    const progress = collectShares(this.#parts.shareSeal, sealed);
    invariant(progress !== undefined, "what was sealed with shares opens with shares");
    return new ShareAttempt(progress, { purpose: "verify operation", key: "root key" });
  }

  async #collect(kind: ShareKind): Promise<ShareProgress | undefined> {
    const stored = await readSealedRootKey(this.#store, settings[kind]);
    return stored === undefined ? undefined : collectShares(this.#parts.shareSeal, stored.sealed);
  }

  #forget(kind: ShareKind, rekey: Rekey): void {
    rekey.attempt.progress.reset();
    rekey.pending?.verification.progress.reset();
    this.#rekeys.delete(kind);
  }

  /** @throws ServiceError InvalidInput */
  #checkKind(kind: ShareKind): void {
    if (kind === "recovery" && !this.#parts.opensByItself) refuseAttempt("recovery rekeying not supported");
    if (kind === "unseal" && this.#parts.opensByItself) {
      refuseAttempt("this seal opens by itself and has no unseal shares: rekey its recovery shares");
    }
  }
}
