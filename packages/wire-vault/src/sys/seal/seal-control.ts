import type { Quorum, ServiceError, WireRequest } from "@coffer/service";

/** What the instance's seal is and how far it is open. */
export interface SealState {
  /** The seal's kind: `shamir`, `keyfile`, `passphrase`. */
  readonly kind: string;
  readonly initialized: boolean;
  readonly sealed: boolean;
  /** The quorum that opens the seal, or that recovers a seal which opens by itself; undefined when there is none. */
  readonly quorum: Quorum | undefined;
  /** Different shares that came to open the seal, and the name of that round; empty without one. */
  readonly progress: number;
  readonly nonce: string;
  /** Whether the seal opens by itself, so that shares are for recovery. */
  readonly opensByItself: boolean;
  readonly auditOk: boolean;
  readonly storeOk: boolean;
}

/** What a new instance is opened and used with. It exists nowhere else; whoever gets it wipes the shares. */
export interface InitializedSeal {
  readonly shares: readonly Uint8Array[];
  readonly rootToken: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * The life of an instance's seal, for whoever asks without a token: what works while nothing else does. What changes or
 * refuses something is recorded by it: in the audit trail, or while that is closed in the server's log, and in the trail
 * once it is open.
 */
export interface SealControl {
  state(): SealState;
  nowMs(): number;
  /**
   * @param quorum that there can be
   * @returns undefined when the instance is initialized
   */
  initialize(quorum: Quorum, request: WireRequest): Promise<InitializedSeal | undefined>;
  /**
   * Takes one share, and wipes it; the last one of a quorum opens the instance. One that came already changes nothing,
   * nor does any once it is open.
   *
   * @throws ServiceError InvalidInput for a share that is none of this seal's
   */
  submitShare(share: Uint8Array, request: WireRequest): Promise<void>;
  /** Forgets the shares that came. */
  resetShares(request: WireRequest): Promise<void>;
  /**
   * Records a request that is refused before it reached any of these.
   *
   * @returns the error to answer with: another one when the refusal cannot be recorded
   */
  refused(eventName: string, thrown: unknown, request: WireRequest): Promise<ServiceError>;
}
