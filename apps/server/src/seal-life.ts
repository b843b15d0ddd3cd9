import { SecretBytes } from "@coffer/crypto";
import {
  asServiceError,
  type Core,
  collectShares,
  initializeWithShares,
  Keyring,
  OneByOne,
  type Quorum,
  type RootCredential,
  readSealedRootKey,
  recoverySetting,
  rootKeySetting,
  ServiceError,
  type ShareProgress,
  type WireAnswer,
  type WireHandler,
  type WireRequest,
} from "@coffer/service";
import type { InitializedSeal, SealControl, SealState } from "@coffer/wire-vault";
import { collectGarbage } from "./collect-garbage.ts";
import type { Foundation } from "./foundation.ts";
import { openInstance } from "./instance.ts";
import { OpenInstance } from "./open-instance.ts";
import { openOwnKeyring } from "./own-keyring.ts";
import { SealEvents } from "./seal-events.ts";
import { systemRandomness } from "./system-randomness.ts";

/** What the life of a seal needs of the server around it. */
export interface SealLifeOptions {
  /** Puts the wires on an open core. */
  readonly serve: (core: Core) => WireHandler;
  /** Answers while there is no open core. */
  readonly answerSealed: (request: WireRequest, state: SealState) => WireAnswer;
  /** Told of the credentials that initializing made, before whoever asked for it. */
  readonly initialized: (root: RootCredential) => Promise<void>;
}

/**
 * The life of one instance behind one handler: uninitialized, sealed, open, sealed again. There is nothing in between:
 * an instance is open once all of it is, and from the moment that somebody seals it every new request is refused, while
 * those under way are finished. Changes of the state come one after another.
 */
export class SealLife implements SealControl {
  readonly #foundation: Foundation;
  readonly #options: SealLifeOptions;
  readonly #events: SealEvents;
  #open: OpenInstance | undefined;
  #initialized = false;
  /** Towards opening what is sealed; undefined when no shares open it. */
  #progress: ShareProgress | undefined;
  readonly #changes = new OneByOne();

  private constructor(foundation: Foundation, options: SealLifeOptions) {
    this.#foundation = foundation;
    this.#options = options;
    const { settings, clock, reports } = foundation;
    this.#events = new SealEvents({ settings, clock, tellOperator: reports.tellOperator });
  }

  /**
   * Begins the life of an instance: open, where its seal opens by itself.
   *
   * @throws OperatorError, and errors whose messages are for operators
   */
  static async begin(foundation: Foundation, options: SealLifeOptions): Promise<SealLife> {
    const life = new SealLife(foundation, options);
    const keyring = await openOwnKeyring(foundation);
    if (keyring !== undefined) await life.#openWith(keyring);
    else await life.#readStored();
    return life;
  }

  /** The open instance; undefined while sealed. */
  get instance(): OpenInstance["instance"] | undefined {
    return this.#open?.instance;
  }

  /** Answers a request, by the wires of the open instance. Never throws. */
  serve(request: WireRequest): Promise<WireAnswer> {
    const open = this.#open;
    return open === undefined
      ? Promise.resolve(this.#options.answerSealed(request, this.state()))
      : open.serve(request);
  }

  state(): SealState {
    const { sealKind, ownSeal, store } = this.#foundation;
    const core = this.#open?.instance.core;
    return {
      kind: sealKind,
      initialized: this.#initialized,
      sealed: core === undefined,
      quorum: this.#progress?.quorum,
      progress: this.#progress?.given ?? 0,
      nonce: this.#progress?.nonce ?? "",
      opensByItself: ownSeal !== undefined,
      auditOk: core?.audit.health().ok ?? true,
      storeOk: store.health().ok,
    };
  }

  nowMs(): number {
    return this.#foundation.clock.nowMs();
  }

  initialize(quorum: Quorum, request: WireRequest): Promise<InitializedSeal | undefined> {
    return this.#changes.run(async () => {
      if (this.#initialized) return undefined;
      const { store, clock, settings, shareSeal } = this.#foundation;
      const { shares, threshold } = quorum;
      const note = { eventName: "Initialize", request, told: `initialized; ${threshold} of ${shares} shares open it.` };
      const event = this.#events.describe({ ...note, parameters: { ...quorum } });
      const parts = { store, clock, randomness: systemRandomness, account: settings.account, shareSeal };
      const made = await initializeWithShares(parts, quorum, event);
      this.#events.tell(note);
      await this.#readStored();
      await this.#options.initialized(made.root);
      return {
        shares: made.shares.map(takeBytes),
        rootToken: made.root.token,
        accessKeyId: made.root.accessKeyId,
        secretAccessKey: made.root.secretAccessKey,
      };
    });
  }

  submitShare(share: Uint8Array, request: WireRequest): Promise<void> {
    const taken = SecretBytes.takeFrom(share);
    return this.#changes.run(async () => {
      if (this.#open !== undefined) {
        taken.dispose();
        await this.#record({ eventName: "Unseal", request, told: "it is open." });
        return;
      }
      const progress = this.#progress;
      if (progress === undefined) {
        taken.dispose();
        throw ServiceError.of("InvalidInput", {
          kind: "validation",
          reason: `no shares open this ${this.#foundation.sealKind} seal: restart the server, which opens it`,
        });
      }
      const outcome = progress.add(taken);
      if (outcome === "foreign") throw invalidKey();
      const { given, quorum } = progress;
      const parameters = { progress: given, threshold: quorum.threshold };
      const told = outcome === "added" ? `share ${given} of ${quorum.threshold}.` : "a share that was given already.";
      await this.#record({ eventName: "Unseal", request, told, parameters });
      if (progress.isComplete) await this.#unseal(progress);
    });
  }

  resetShares(request: WireRequest): Promise<void> {
    return this.#changes.run(async () => {
      this.#progress?.reset();
      await this.#record({ eventName: "ResetUnseal", request, told: "the shares so far were forgotten." });
    });
  }

  async refused(eventName: string, thrown: unknown, request: WireRequest): Promise<ServiceError> {
    const error = this.#asServiceError(thrown);
    try {
      await this.#record({ eventName, request, told: `refused: ${error.code}.`, error: error.detail });
      return error;
    } catch (failure) {
      return this.#asServiceError(failure);
    }
  }

  /** Ends the life, and closes what it stands on. */
  close(): Promise<void> {
    return this.#changes.run(async () => {
      const open = this.#open;
      this.#open = undefined;
      this.#progress?.reset();
      try {
        await open?.instance.close();
      } finally {
        await this.#foundation.close();
      }
    });
  }

  async #unseal(progress: ShareProgress): Promise<void> {
    using rootKey = await progress.open();
    if (rootKey === undefined) throw invalidKey();
    try {
      const { store, clock } = this.#foundation;
      await this.#openWith(await Keyring.openWith(store, rootKey, clock));
    } catch (error) {
      this.#foundation.reports.tellOperator(`seal: the shares are right, but: ${String((error as Error).message)}`);
      const reason = "the shares are right, but the instance cannot be opened: its operator is told why";
      throw ServiceError.of("DependencyTimeout", { reason }, error);
    }
  }

  async #openWith(keyring: Keyring): Promise<void> {
    const instance = await openInstance(this.#foundation, keyring, {
      askToSeal: (id) => this.#askToSeal(id),
      sharesChanged: () => this.#readStored(),
    });
    try {
      await this.#events.write(instance.core);
      await this.#readStored();
    } catch (error) {
      await instance.close().catch(() => {});
      throw error;
    }
    this.#open = new OpenInstance(instance, this.#options.serve(instance.core));
  }

  /** From here on every request but those under way is refused. */
  #askToSeal(requestId: string): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    open.sealAfter(
      requestId,
      this.#changes.run(() => this.#seal(open)),
    );
  }

  async #seal(open: OpenInstance): Promise<void> {
    const { settings, clock, reports } = this.#foundation;
    await open.drain(clock, settings.limits.drainTimeoutMs);
    try {
      await open.instance.close();
    } catch (error) {
      reports.tellOperator(`seal: sealed, but closing failed: ${String((error as Error).message)}`);
    }
    open.letGo();
    await collectGarbage();
    reports.tellOperator("seal: sealed; no key is in memory.");
  }

  /** What shares there are for, by what is stored. */
  async #readStored(): Promise<void> {
    const { store, shareSeal, ownSeal } = this.#foundation;
    this.#progress?.reset();
    const root = await readSealedRootKey(store, rootKeySetting);
    this.#initialized = root !== undefined;
    const shared = ownSeal === undefined ? root : await readSealedRootKey(store, recoverySetting);
    this.#progress = shared === undefined ? undefined : collectShares(shareSeal, shared.sealed);
  }

  #record(note: Parameters<SealEvents["record"]>[1]): Promise<void> {
    return this.#events.record(this.#open?.instance.core, note);
  }

  #asServiceError(thrown: unknown): ServiceError {
    const { reportBug } = this.#foundation.reports;
    return asServiceError({ reportBug, lookAtHealth: () => this.#open?.instance.core.lookAtHealth() }, thrown);
  }
}

/** The bytes of a share on its way into an answer, which wipes them. */
function takeBytes(share: SecretBytes): Uint8Array {
  const bytes = share.use((own) => Uint8Array.from(own));
  share.dispose();
  return bytes;
}

/** The original's words (OpenBao, internal/vault/barrier: `ErrBarrierInvalidKey`), whatever is wrong. */
function invalidKey(): ServiceError {
  return ServiceError.of("InvalidInput", { kind: "validation", reason: "unseal failed, invalid key" });
}
