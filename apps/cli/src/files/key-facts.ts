import type { EncryptedDataKey } from "@coffer/envelope";

/** One wrapped data key, as far as it can be read without any key. */
export interface KeyFacts {
  /** The kind of key, such as `aws-kms`. */
  readonly provider: string;
  /** Which key, such as its ARN. */
  readonly key: string;
  /** The key's version that wrapped it, where that is visible. */
  readonly version: number | undefined;
}

/** Tells which key wrapped a data key. Nothing of it is authentic. */
export function keyFactsOf({ providerId, providerInfo, ciphertext }: EncryptedDataKey): KeyFacts {
  return {
    provider: providerId,
    key: readName(providerInfo),
    version: cofferVersion(ciphertext) ?? transitVersion(ciphertext),
  };
}

/** A raw key's info goes on behind its name, with lengths and IV. */
function readName(info: Uint8Array): string {
  const bytes = Buffer.from(info.buffer, info.byteOffset, info.byteLength);
  const rawAes = bytes.length > rawAesTrailer ? bytes.subarray(0, -rawAesTrailer) : undefined;
  const isRawAes = rawAes !== undefined && bytes.readBigUInt64BE(rawAes.length) === rawAesLengths;
  return (isRawAes ? rawAes : bytes).toString("utf8");
}

/** Tag bits (128), IV bytes (12), IV. Source: AWS Encryption SDK specification, framework/raw-aes-keyring.md. */
const rawAesTrailer = 4 + 4 + 12;
const rawAesLengths = (128n << 32n) | 12n;

/** The beginning of a KMS ciphertext blob of Coffer's: magic, format 1, algorithm 1. Frozen. */
const cofferBlobStart = Buffer.from([0x01, 0x43, 0x46, 0x52, 1, 1]);
/** Where it has the key's version: behind the kind of its key id and the id's 16 bytes. */
const cofferVersionOffset = cofferBlobStart.length + 1 + 16;

function cofferVersion(ciphertext: Uint8Array): number | undefined {
  const bytes = Buffer.from(ciphertext.buffer, ciphertext.byteOffset, ciphertext.byteLength);
  const ours =
    bytes.length > cofferVersionOffset + 4 && bytes.subarray(0, cofferBlobStart.length).equals(cofferBlobStart);
  return ours ? bytes.readUInt32BE(cofferVersionOffset) : undefined;
}

/** Source: Vault's documentation of Transit: a ciphertext begins with `vault:vN:`. */
function transitVersion(ciphertext: Uint8Array): number | undefined {
  const found = /^vault:v([1-9]\d{0,9}):/.exec(Buffer.from(ciphertext.subarray(0, 20)).toString("latin1"));
  return found === null ? undefined : Number(found[1]);
}
