import type { KeyObject } from "node:crypto";
import { invariant } from "../invariant.ts";
import { handleOf } from "./evp-handles.ts";
import { type Libcrypto, libcrypto } from "./libcrypto.ts";

/** A signature that OpenSSL makes and Node's own API does not. */
export type EvpSchemeName = "ecdsa-digest" | "ed25519ph" | "ml-dsa-44-mu" | "ml-dsa-65-mu" | "ml-dsa-87-mu";

interface EvpScheme {
  /** OpenSSL's name of a signature algorithm that takes a message. Absent: the key's own, over a digest as it is given. */
  readonly algorithm?: string;
  /** A parameter that is set to 1. */
  readonly flag?: string;
}

// OpenSSL's manual pages EVP_SIGNATURE-ECDSA, EVP_SIGNATURE-ED25519 and EVP_SIGNATURE-ML-DSA.
const schemes: Readonly<Record<EvpSchemeName, EvpScheme>> = {
  "ecdsa-digest": {},
  ed25519ph: { algorithm: "ED25519ph" },
  "ml-dsa-44-mu": { algorithm: "ML-DSA-44", flag: "mu" },
  "ml-dsa-65-mu": { algorithm: "ML-DSA-65", flag: "mu" },
  "ml-dsa-87-mu": { algorithm: "ML-DSA-87", flag: "mu" },
};

/** OpenSSL's key behind a `KeyObject`: the same for all threads, and good while the `KeyObject` lives. */
export interface EvpKey {
  readonly handle: bigint;
  readonly isPrivate: boolean;
}

/** Whether this Node lets OpenSSL sign what its own API does not. */
export function canSignWithOpenssl(): boolean {
  return libcrypto() !== undefined;
}

/** @throws CryptoInvariantError when OpenSSL cannot be reached */
export function evpKeyOf(key: KeyObject): EvpKey {
  return { handle: handleOf(reached(), key), isPrivate: key.type === "private" };
}

/**
 * A signature by OpenSSL, on the calling thread.
 *
 * @throws CryptoInvariantError when the key does not fit the scheme, or OpenSSL cannot be reached
 */
export function signWithOpenssl(scheme: EvpSchemeName, privateKey: EvpKey, bytes: Uint8Array): Buffer {
  invariant(privateKey.isPrivate, "a private key signs");
  const signature = inContext(privateKey, (library, context) => {
    const { functions } = library;
    if (!begin(library, scheme, context, "sign")) return undefined;
    const into = Buffer.alloc(functions.EVP_PKEY_get_size(privateKey.handle));
    const length = new BigUint64Array([BigInt(into.length)]);
    const size = new Uint8Array(length.buffer);
    if (functions.EVP_PKEY_sign(context, into, size, bytes, BigInt(bytes.length)) !== 1) return undefined;
    return into.subarray(0, Number(length[0]));
  });
  invariant(signature !== undefined, "OpenSSL signs with a key that fits");
  return signature;
}

/** Whether an untrusted signature is one of these bytes; as {@link signWithOpenssl} otherwise. */
export function verifyWithOpenssl(
  scheme: EvpSchemeName,
  publicKey: EvpKey,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  const valid = inContext(publicKey, (library, context) => {
    if (!begin(library, scheme, context, "verify")) return undefined;
    const { EVP_PKEY_verify: verify } = library.functions;
    // Negative for a signature that is none at all.
    return verify(context, signature, BigInt(signature.length), bytes, BigInt(bytes.length)) === 1;
  });
  invariant(valid !== undefined, "OpenSSL verifies with a key that fits");
  return valid;
}

function reached(): Libcrypto {
  const library = libcrypto();
  invariant(library !== undefined, "OpenSSL can be reached");
  return library;
}

function inContext<T>(key: EvpKey, run: (library: Libcrypto, context: bigint) => T): T {
  const library = reached();
  const { functions } = library;
  const context = functions.EVP_PKEY_CTX_new_from_pkey(0n, key.handle, 0n);
  invariant(context !== 0n, "OpenSSL has memory");
  try {
    return run(library, context);
  } finally {
    functions.EVP_PKEY_CTX_free(context);
    // What went wrong would be told as the reason of the thread's next failure.
    functions.ERR_clear_error();
  }
}

function begin(library: Libcrypto, name: EvpSchemeName, context: bigint, how: "sign" | "verify"): boolean {
  const { functions } = library;
  const { algorithm } = schemes[name];
  if (algorithm === undefined) {
    const init = how === "sign" ? functions.EVP_PKEY_sign_init : functions.EVP_PKEY_verify_init;
    return init(context) === 1;
  }
  const fetched = fetch(library, name, algorithm);
  const init = how === "sign" ? functions.EVP_PKEY_sign_message_init : functions.EVP_PKEY_verify_message_init;
  return init(context, fetched.algorithm, fetched.parameters) === 1;
}

interface Fetched {
  readonly algorithm: bigint;
  readonly parameters: bigint;
  /** OpenSSL's parameters point to their names: these have to stay. */
  readonly names: readonly Buffer[];
}

// As many as there are schemes: they are never freed.
const fetchedByScheme = new Map<EvpSchemeName, Fetched>();

function fetch(library: Libcrypto, name: EvpSchemeName, algorithmName: string): Fetched {
  const known = fetchedByScheme.get(name);
  if (known !== undefined) return known;
  const algorithm = library.functions.EVP_SIGNATURE_fetch(0n, cString(algorithmName), 0n);
  invariant(algorithm !== 0n, "OpenSSL has the algorithm");
  const { flag } = schemes[name];
  const names = flag === undefined ? [] : [cString(flag)];
  const fetched = { algorithm, parameters: flagParameters(library, names), names };
  fetchedByScheme.set(name, fetched);
  return fetched;
}

/** Parameters of these names, each set to 1: an array that a null name ends; the null address when there are none. */
function flagParameters({ functions }: Libcrypto, names: readonly Buffer[]): bigint {
  if (names.length === 0) return 0n;
  const builder = functions.OSSL_PARAM_BLD_new();
  invariant(builder !== 0n, "OpenSSL has memory");
  for (const name of names) functions.OSSL_PARAM_BLD_push_int(builder, name, 1);
  const parameters = functions.OSSL_PARAM_BLD_to_param(builder);
  functions.OSSL_PARAM_BLD_free(builder);
  invariant(parameters !== 0n, "OpenSSL makes parameters");
  return parameters;
}

/** Text as C has it. From no shared pool: OpenSSL keeps its address. */
function cString(text: string): Buffer {
  const bytes = Buffer.alloc(text.length + 1);
  bytes.write(text, "latin1");
  return bytes;
}
