import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  createSecretKey,
  createSign,
  createVerify,
  generateKeyPairSync,
  hash as hashAtOnce,
  hkdfSync,
  type KeyObject,
  randomFillSync,
  timingSafeEqual,
} from "node:crypto";
import { decryptionFailed, malformed } from "../errors.ts";
import { compressPoint, curves } from "./curves.ts";
import type { AesGcmKey, Platform } from "./platform.ts";
import { rsaDecryptionKey, rsaEncryptionKey } from "./rsa-node.ts";

const tagBytes = 16;

/** An AES key that OpenSSL holds. */
export interface OpenSslAesGcmKey extends AesGcmKey {
  /** It can be sent to a worker thread. */
  readonly keyObject: KeyObject;
}

function aesGcmKeyOf(key: KeyObject): OpenSslAesGcmKey {
  const cipherName = `aes-${(key.symmetricKeySize ?? 0) * 8}-gcm` as "aes-256-gcm";
  const options = { authTagLength: tagBytes };
  return {
    keyObject: key,
    seal(iv, aad, plaintext) {
      const cipher = createCipheriv(cipherName, key, iv, options);
      cipher.setAAD(aad);
      const ciphertext = cipher.update(plaintext);
      cipher.final();
      return { ciphertext, tag: cipher.getAuthTag() };
    },
    open(iv, aad, ciphertext, tag) {
      const decipher = createDecipheriv(cipherName, key, iv, options);
      decipher.setAAD(aad);
      decipher.setAuthTag(tag);
      const plaintext = decipher.update(ciphertext);
      try {
        decipher.final();
      } catch {
        plaintext.fill(0);
        throw decryptionFailed();
      }
      return plaintext;
    },
  };
}

/** Random bytes in stock: asking the system costs more than filling hundreds of them. */
const stock = { bytes: new Uint8Array(4096), taken: 4096 };
const maxStockedBytes = 64;

function randomBytes(byteLength: number): Uint8Array<ArrayBuffer> {
  if (byteLength > maxStockedBytes) return randomFillSync(new Uint8Array(byteLength));
  if (stock.taken + byteLength > stock.bytes.length) {
    randomFillSync(stock.bytes);
    stock.taken = 0;
  }
  const bytes = stock.bytes.slice(stock.taken, stock.taken + byteLength);
  // Whoever reads this memory later finds no key in it.
  stock.bytes.fill(0, stock.taken, stock.taken + byteLength);
  stock.taken += byteLength;
  return bytes;
}

/** Node's cryptography, which is OpenSSL's. */
export const platform: Platform = {
  randomBytes,
  aesGcmKey: (key) => aesGcmKeyOf(createSecretKey(key)),
  hkdf: (hash, inputKey, salt, info, byteLength) =>
    new Uint8Array(hkdfSync(hash, createSecretKey(inputKey), salt, info, byteLength)),
  hmac: (hash, key, bytes) => createHmac(hash, key).update(bytes).digest(),
  digest: (hash, bytes) => hashAtOnce(hash, bytes, "buffer"),
  equalBytes: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  signingKey(curve, hash) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve });
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    return {
      publicKey: compressPoint(Buffer.from(x, "base64url"), Buffer.from(y, "base64url")),
      begin() {
        const signer = createSign(hash);
        return { update: (bytes) => void signer.update(bytes), sign: () => signer.sign(privateKey) };
      },
    };
  },
  messageVerifier(curve, hash, publicKey) {
    const key = importPoint(curve, publicKey);
    const verifier = createVerify(hash);
    return {
      update: (bytes) => void verifier.update(bytes),
      verify: (signature) => verifier.verify(key, signature),
    };
  },
  rsaEncryptionKey,
  rsaDecryptionKey,
  now: () => Date.now(),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  after(milliseconds, act) {
    const timer = setTimeout(act, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

function importPoint(curve: "P-256" | "P-384", point: Uint8Array): KeyObject {
  const { spkiPrefix, fieldBytes } = curves[curve];
  const good = point.length === fieldBytes + 1 && (point[0] === 2 || point[0] === 3);
  if (!good) throw malformed("The message's public key is not a compressed point", 0);
  try {
    return createPublicKey({ key: Buffer.concat([spkiPrefix, point]), format: "der", type: "spki" });
  } catch (cause) {
    throw Object.assign(malformed("The message's public key is not a point of its curve", 0), { cause });
  }
}
