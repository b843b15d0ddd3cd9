import { config, enums, type PartialConfig } from "openpgp";

/** `v4`: keys that gpg and Debian's tools read (RFC 9580, section 5.5.2.2). `v6`: RFC 9580's own, with AEAD. */
export type OpenPgpFormat = "v4" | "v6";

/** The most octets that a message has once it was decompressed. */
export const maxMessageBytes = 32 * 1024 * 1024;

const { aead, hash, publicKey, symmetric } = enums;

/**
 * What openpgp.js may do, given to each call, so that nobody's change of the global settings weakens it. Nothing that is
 * not authenticated is opened, no broken hash is taken, and decompression ends.
 */
const strict: PartialConfig = {
  preferredHashAlgorithm: hash.sha512,
  preferredSymmetricAlgorithm: symmetric.aes256,
  preferredAEADAlgorithm: aead.ocb,
  allowUnauthenticatedMessages: false,
  allowUnauthenticatedStream: false,
  allowInsecureDecryptionWithSigningKeys: false,
  allowInsecureVerificationWithReformattedKeys: false,
  allowMissingKeyFlags: false,
  constantTimePKCS1Decryption: true,
  enableParsingV5Entities: false,
  enforceGrammar: true,
  ignoreMalformedPackets: false,
  additionalAllowedPackets: [],
  minRSABits: 2047,
  maxDecompressedMessageSize: maxMessageBytes,
  rejectHashAlgorithms: new Set([hash.md5, hash.ripemd]),
  rejectMessageHashAlgorithms: new Set([hash.md5, hash.ripemd, hash.sha1]),
  rejectPublicKeyAlgorithms: new Set([publicKey.elgamal, publicKey.dsa]),
  rejectCurves: new Set([enums.curve.secp256k1]),
  showVersion: false,
  showComment: false,
};

/** The settings of a format. What is read is the same for both; what is written differs. */
export const strictConfigs: ReadonlyMap<OpenPgpFormat, PartialConfig> = new Map<OpenPgpFormat, PartialConfig>([
  ["v4", { ...config, ...strict, v6Keys: false, aeadProtect: false }],
  ["v6", { ...config, ...strict, v6Keys: true, aeadProtect: true }],
]);
