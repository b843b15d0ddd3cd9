import {
  createHmac,
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  type SignKeyObjectInput,
  sign,
  verify,
} from "node:crypto";

/** What the reference does: the bare operation of OpenSSL behind one request. */
export interface ReferenceCase {
  readonly kind: "sign" | "verify" | "derive" | "encapsulate" | "decapsulate" | "mac" | "pair";
  /** Node's type of the key: `rsa`, `ec`, `ed25519`, `ml-dsa-44`, ... */
  readonly keyType: string;
  readonly modulusLength?: number;
  readonly namedCurve?: string;
  readonly hash: string | null;
  readonly padding?: number;
}

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
// Its overloads name each type of key apart.
const generate = generateKeyPairSync as unknown as (type: string, options: object) => Pair;

/** One call of it, with keys and inputs made beforehand. */
export function referenceOperation(reference: ReferenceCase): () => unknown {
  const { kind, keyType, modulusLength, namedCurve, hash } = reference;
  const message = randomBytes(32);
  if (kind === "mac") {
    const key = randomBytes(64);
    return () =>
      createHmac(hash ?? "sha256", key)
        .update(message)
        .digest();
  }
  const encodings = {
    privateKeyEncoding: { format: "der", type: "pkcs8" },
    publicKeyEncoding: { format: "der", type: "spki" },
  };
  if (kind === "pair") return () => generate(keyType, { modulusLength, namedCurve, ...encodings });
  const { privateKey, publicKey } = generate(keyType, { modulusLength, namedCurve });
  if (kind === "derive") {
    const spki = generate(keyType, { namedCurve }).publicKey.export({ format: "der", type: "spki" });
    return () => diffieHellman({ privateKey, publicKey: createPublicKey({ key: spki, format: "der", type: "spki" }) });
  }
  if (kind === "encapsulate") return () => encapsulate(publicKey);
  if (kind === "decapsulate") {
    const { ciphertext } = encapsulate(publicKey);
    return () => decapsulate(privateKey, ciphertext);
  }
  const own = withPadding(privateKey, reference);
  if (kind === "sign") return () => sign(hash, message, own);
  const signature = sign(hash, message, own);
  const other = withPadding(publicKey, reference);
  return () => verify(hash, message, other, signature);
}

function withPadding(key: KeyObject, { padding }: ReferenceCase): KeyObject | SignKeyObjectInput {
  return padding === undefined ? key : { key, padding, saltLength: 32 };
}
