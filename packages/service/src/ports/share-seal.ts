import type { SecretBytes } from "@coffer/crypto";
import type { SealedRootKey } from "./seal.ts";

/** How many shares there are, and how many of them open what they seal. */
export interface Quorum {
  readonly shares: number;
  readonly threshold: number;
}

/** A sealed root key, and the shares that open it. They are kept nowhere else; whoever gets them disposes of them. */
export interface SealedWithShares {
  readonly sealed: SealedRootKey;
  readonly shares: readonly SecretBytes[];
}

/** The port for a root of trust that several people hold together: any `threshold` of the shares open it. */
export interface ShareSeal {
  readonly kind: string;
  /** Seals a root key under new shares. The caller keeps owning `rootKey` and has checked the quorum (`quorumProblem`). */
  seal(rootKey: SecretBytes, quorum: Quorum): Promise<SealedWithShares>;
  /** The quorum that opens `sealed`; undefined when it was not sealed with shares. */
  quorumOf(sealed: SealedRootKey): Quorum | undefined;
  /** Whether `share` is one of the shares of `sealed`; it tells a mistyped share from a right one before the last has come. */
  isShareOf(sealed: SealedRootKey, share: SecretBytes): boolean;
  /**
   * Recovers the root key from different shares.
   *
   * @returns undefined when they do not open it: too few, twice the same, of another seal, or damaged bytes
   */
  unseal(sealed: SealedRootKey, shares: readonly SecretBytes[]): Promise<SecretBytes | undefined>;
}

const maxShares = 255;

/**
 * Why there can be no such quorum, in the original's words (OpenBao, internal/vault/seal.go: `SealConfig.Validate`);
 * undefined when there can.
 */
export function quorumProblem({ shares, threshold }: Quorum): string | undefined {
  if (shares < 1) return "shares must be at least one";
  if (threshold < 1) return "threshold must be at least one";
  if (shares > 1 && threshold === 1) return "threshold must be greater than one for multiple shares";
  if (shares > maxShares) return "shares must be less than 256";
  if (threshold > maxShares) return "threshold must be less than 256";
  if (threshold > shares) return "threshold cannot be larger than shares";
  return undefined;
}
