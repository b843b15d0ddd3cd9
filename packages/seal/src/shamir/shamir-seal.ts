import { allocateSecretBuffer, SecretBytes, sha256, timingSafeEqualBytes } from "@coffer/crypto";
import {
  invariant,
  type Quorum,
  quorumProblem,
  type SealedRootKey,
  type SealedWithShares,
  type ShareSeal,
} from "@coffer/service";
import { decodeBase64, type ParsedSeal, parseSealed, unwrapRootKey, wrapRootKey } from "../sealed-fields.ts";
import { combineShares, splitKey } from "./split-key.ts";

const kind = "shamir";
const keyBytes = 32;
const digestBytes = 32;
const digestPrefix = Buffer.from("coffer seal share v1\0", "latin1");

/** What is stored of a root key sealed with shares; nothing in it is trusted until the key has opened. */
interface SharedParams extends Quorum {
  readonly parsed: ParsedSeal;
  /** SHA-256 of each share, one after another. A share has 256 random bits, so nothing can be learnt from it. */
  readonly digests: Buffer;
}

/** Protects the root key with a random key that exists in shares only. */
class ShamirSeal implements ShareSeal {
  readonly kind = kind;

  async seal(rootKey: SecretBytes, quorum: Quorum): Promise<SealedWithShares> {
    invariant(quorumProblem(quorum) === undefined, "the quorum of a seal was checked");
    using key = SecretBytes.random(keyBytes);
    const shares = await splitKey(key, quorum);
    const shareDigests = Buffer.concat(shares.map(digestOf)).toString("base64");
    const params = { shares: quorum.shares, threshold: quorum.threshold, shareDigests };
    return { sealed: wrapRootKey(key.toKeyObject(), kind, params, rootKey), shares };
  }

  quorumOf(sealed: SealedRootKey): Quorum | undefined {
    const found = parseShared(sealed);
    return found === undefined ? undefined : { shares: found.shares, threshold: found.threshold };
  }

  isShareOf(sealed: SealedRootKey, share: SecretBytes): boolean {
    const found = parseShared(sealed);
    return found !== undefined && hasDigest(found.digests, share);
  }

  async unseal(sealed: SealedRootKey, shares: readonly SecretBytes[]): Promise<SecretBytes | undefined> {
    const found = parseShared(sealed);
    if (found === undefined || shares.length < found.threshold) return undefined;
    using key = await combineShares(shares);
    // A key of another length could not have been ours.
    if (key?.byteLength !== keyBytes) return undefined;
    return unwrapRootKey(key.toKeyObject(), found.parsed);
  }
}

/** Makes the seal that keeps its key in shares, none of which it has: they come with each call. */
export function createShamirSeal(): ShareSeal {
  return new ShamirSeal();
}

function digestOf(share: SecretBytes): Buffer {
  return share.use((bytes) => {
    const text = allocateSecretBuffer(digestPrefix.length + bytes.length);
    text.set(digestPrefix);
    text.set(bytes, digestPrefix.length);
    const digest = sha256(text);
    text.fill(0);
    return digest;
  });
}

function hasDigest(digests: Buffer, share: SecretBytes): boolean {
  const wanted = digestOf(share);
  let found = false;
  for (let offset = 0; offset < digests.length; offset += digestBytes) {
    if (timingSafeEqualBytes(digests.subarray(offset, offset + digestBytes), wanted)) found = true;
  }
  return found;
}

function parseShared(sealed: SealedRootKey): SharedParams | undefined {
  const parsed = parseSealed(sealed, kind);
  if (parsed === undefined) return undefined;
  const { shares, threshold, shareDigests } = parsed.params;
  const digests = decodeBase64(shareDigests);
  if (typeof shares !== "number" || typeof threshold !== "number" || digests === undefined) return undefined;
  if (!Number.isSafeInteger(shares) || !Number.isSafeInteger(threshold)) return undefined;
  if (quorumProblem({ shares, threshold }) !== undefined) return undefined;
  return digests.length === shares * digestBytes ? { parsed, shares, threshold, digests } : undefined;
}
