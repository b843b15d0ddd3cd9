import { concatBytes, joinBytes } from "../bytes.ts";
import { decryptionFailed, malformed } from "../errors.ts";
import { compressPoint, decompressPoint } from "./curves.ts";
import { derOfRawSignature, rawOfDerSignature } from "./ecdsa-signature.ts";
import type { AesGcmKey, CurveName, HashName, Platform } from "./platform.ts";
import { rsaDecryptionKey, rsaEncryptionKey } from "./rsa-web.ts";
import { owned } from "./web-bytes.ts";

const tagBytes = 16;

const hashNames: Readonly<Record<HashName, string>> = { sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

async function aesGcmKey(bytes: Uint8Array): Promise<AesGcmKey> {
  const key = await crypto.subtle.importKey("raw", owned(bytes), "AES-GCM", false, ["encrypt", "decrypt"]);
  const parameters = (iv: Uint8Array, aad: Uint8Array) => ({
    name: "AES-GCM",
    iv: owned(iv),
    additionalData: owned(aad),
    tagLength: tagBytes * 8,
  });
  return {
    async seal(iv, aad, plaintext) {
      const sealed = new Uint8Array(await crypto.subtle.encrypt(parameters(iv, aad), key, owned(plaintext)));
      const end = sealed.length - tagBytes;
      return { ciphertext: sealed.subarray(0, end), tag: sealed.subarray(end) };
    },
    async open(iv, aad, ciphertext, tag) {
      try {
        return new Uint8Array(await crypto.subtle.decrypt(parameters(iv, aad), key, concatBytes(ciphertext, tag)));
      } catch {
        throw decryptionFailed();
      }
    },
  };
}

/** Keeps what is signed: the Web Cryptography API hashes whole messages alone. */
function collected(): { update(bytes: Uint8Array): void; bytes(): Uint8Array<ArrayBuffer> } {
  const parts: Uint8Array[] = [];
  return { update: (bytes) => void parts.push(Uint8Array.from(bytes)), bytes: () => joinBytes(parts) };
}

async function hmac(hash: HashName, key: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: hashNames[hash] };
  const imported = await crypto.subtle.importKey("raw", owned(key), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, owned(bytes)));
}

/** The Web Cryptography API, of browsers and of every other runtime. */
export const platform: Platform = {
  randomBytes(byteLength) {
    const bytes = new Uint8Array(byteLength);
    // The API gives 65,536 bytes at most in a call.
    for (let offset = 0; offset < byteLength; offset += 65_536) {
      crypto.getRandomValues(bytes.subarray(offset, offset + 65_536));
    }
    return bytes;
  },
  aesGcmKey,
  async hkdf(hash, inputKey, salt, info, byteLength) {
    const key = await crypto.subtle.importKey("raw", owned(inputKey), "HKDF", false, ["deriveBits"]);
    const parameters = { name: "HKDF", hash: hashNames[hash], salt: owned(salt), info: owned(info) };
    return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, byteLength * 8));
  },
  hmac,
  digest: async (hash, bytes) => new Uint8Array(await crypto.subtle.digest(hashNames[hash], owned(bytes))),
  equalBytes(a, b) {
    let difference = a.length ^ b.length;
    for (let index = 0; index < a.length; index++) difference |= a[index]! ^ (b[index] ?? 0);
    return difference === 0;
  },
  async signingKey(curve, hash) {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: curve }, false, ["sign", "verify"]);
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const half = (point.length - 1) / 2;
    return {
      publicKey: compressPoint(point.subarray(1, 1 + half), point.subarray(1 + half)),
      begin() {
        const { update, bytes } = collected();
        return {
          update,
          async sign() {
            const parameters = { name: "ECDSA", hash: hashNames[hash] };
            return derOfRawSignature(new Uint8Array(await crypto.subtle.sign(parameters, pair.privateKey, bytes())));
          },
        };
      },
    };
  },
  async messageVerifier(curve, hash, publicKey) {
    const key = await importPoint(curve, publicKey);
    const { update, bytes } = collected();
    return {
      update,
      async verify(signature) {
        const raw = rawOfDerSignature(signature, curve);
        if (raw === undefined) return false;
        return crypto.subtle.verify({ name: "ECDSA", hash: hashNames[hash] }, key, raw, bytes());
      },
    };
  },
  rsaEncryptionKey,
  rsaDecryptionKey,
  now: () => Date.now(),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  after(milliseconds, act) {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
};

async function importPoint(curve: CurveName, point: Uint8Array): Promise<CryptoKey> {
  const whole = decompressPoint(curve, point);
  if (whole === undefined) throw malformed("The message's public key is not a point of its curve", 0);
  return crypto.subtle.importKey("raw", whole, { name: "ECDSA", namedCurve: curve }, false, ["verify"]);
}
