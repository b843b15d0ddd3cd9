import { constants, createCipheriv, createHash, type KeyObject, publicEncrypt } from "node:crypto";
import { derTags, encodeDer } from "./der.ts";

/** Gives random bytes; the caller's own source. */
export type RandomSource = (byteLength: number) => Buffer;

const setTag = 0x31;
/** [0] IMPLICIT OCTET STRING: the recipient's subjectKeyIdentifier. */
const keyIdentifierTag = 0x80;
const explicitTag0 = 0xa0;
const explicitTag1 = 0xa1;
const version2 = encodeDer(derTags.integer, Buffer.of(2));

function oid(hex: string): Buffer {
  return encodeDer(derTags.oid, Buffer.from(hex, "hex"));
}

/** 1.2.840.113549.1.7.3 and .1 */
const envelopedData = oid("2a864886f70d010703");
const data = oid("2a864886f70d010701");
/** 2.16.840.1.101.3.4.1.42 */
const aes256Cbc = oid("60864801650304012a");

const nothing = encodeDer(0x05);
/** 2.16.840.1.101.3.4.2.1 */
const sha256 = encodeDer(derTags.sequence, oid("608648016503040201"), nothing);
/** 1.2.840.113549.1.1.8 */
const mgf1Sha256 = encodeDer(derTags.sequence, oid("2a864886f70d010108"), sha256);
/** RFC 8017 appendix A.2.1: id-RSAES-OAEP with SHA-256 in both places and no label. */
const oaepSha256 = encodeDer(
  derTags.sequence,
  oid("2a864886f70d010107"),
  encodeDer(derTags.sequence, encodeDer(explicitTag0, sha256), encodeDer(explicitTag1, mgf1Sha256)),
);

/** BER: a container whose length is not told ahead, and its end (ITU-T X.690 section 8.1.3.6). */
function openEnded(tag: number): Buffer {
  return Buffer.of(tag, 0x80);
}
const endOfContents = Buffer.alloc(2);

const contentKeyBytes = 32;
const ivBytes = 16;

/**
 * Encrypts to an RSA key: CMS EnvelopedData (RFC 5652 section 6) with one recipient, RSAES-OAEP with SHA-256, AES-256-CBC
 * content. AWS KMS answers the same, byte for byte but for the random parts, in `CiphertextForRecipient`: the containers
 * have no length ahead, without which the AWS Nitro Enclaves SDK for C cannot read them, and the recipient is named by the
 * SHA-256 digest of the key's DER.
 *
 * CBC has no integrity of its own: the channel must bring it (TLS), as with AWS.
 *
 * @param plaintext the caller's, who wipes it
 * @param key RSA, at least 2,048 bits
 */
export function encryptToRecipient(plaintext: Uint8Array, key: KeyObject, random: RandomSource): Buffer {
  const contentKey = random(contentKeyBytes);
  try {
    const iv = random(ivBytes);
    const cipher = createCipheriv("aes-256-cbc", contentKey, iv);
    const content = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const wrappedKey = publicEncrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
      contentKey,
    );
    const keyIdentifier = createHash("sha256")
      .update(key.export({ type: "spki", format: "der" }))
      .digest();
    const recipient = encodeDer(
      derTags.sequence,
      version2,
      encodeDer(keyIdentifierTag, keyIdentifier),
      oaepSha256,
      encodeDer(derTags.octetString, wrappedKey),
    );
    const contentAlgorithm = encodeDer(derTags.sequence, aes256Cbc, encodeDer(derTags.octetString, iv));
    return Buffer.concat([
      openEnded(derTags.sequence),
      envelopedData,
      openEnded(explicitTag0),
      openEnded(derTags.sequence),
      version2,
      encodeDer(setTag, recipient),
      openEnded(derTags.sequence),
      data,
      contentAlgorithm,
      openEnded(explicitTag0),
      encodeDer(derTags.octetString, content),
      endOfContents,
      endOfContents,
      endOfContents,
      endOfContents,
      endOfContents,
    ]);
  } finally {
    contentKey.fill(0);
  }
}
