import type { PlaintextDataKey } from "../data-key.ts";

/** A key from which wrapping keys are derived. */
export interface BranchKey {
  /** A UUID in lower case: the same key has many, one after the other. */
  readonly version: string;
  /** 32 bytes. Whoever asked for it disposes of it. */
  readonly key: PlaintextDataKey;
}

/** Where branch keys are kept, each wrapped by a key server. Source: AWS Encryption SDK specification, framework/branch-key-store.md. */
export interface BranchKeyStore {
  /** The version that encrypts. @throws EnvelopeError */
  getActiveBranchKey(branchKeyId: string): Promise<BranchKey>;
  /** A version that a message names. @throws EnvelopeError */
  getBranchKeyVersion(branchKeyId: string, version: string): Promise<BranchKey>;
}
