import type { KeyObject } from "node:crypto";
import { invariant } from "../invariant.ts";
import type { Libcrypto } from "./libcrypto.ts";

/** OpenSSL's key behind each `KeyObject` that was asked for; it goes when the `KeyObject` does. */
const handles = new WeakMap<KeyObject, bigint>();
const release = new FinalizationRegistry<{ readonly library: Libcrypto; readonly handle: bigint }>(
  ({ library, handle }) => library.functions.EVP_PKEY_free(handle),
);

/** A key as OpenSSL's `EVP_PKEY`, owned by this module and valid while the `KeyObject` lives. */
export function handleOf(library: Libcrypto, key: KeyObject): bigint {
  const known = handles.get(key);
  if (known !== undefined) return known;
  const handle = key.type === "private" ? loadPrivate(library, key) : loadPublic(library, key);
  invariant(handle !== 0n, "OpenSSL reads the keys that it wrote");
  handles.set(key, handle);
  release.register(key, { library, handle });
  return handle;
}

function loadPrivate(library: Libcrypto, key: KeyObject): bigint {
  const der = key.export({ format: "der", type: "pkcs8" });
  try {
    return library.functions.d2i_AutoPrivateKey(0n, placeOf(library, der), BigInt(der.length));
  } finally {
    der.fill(0);
  }
}

function loadPublic(library: Libcrypto, key: KeyObject): bigint {
  const der = key.export({ format: "der", type: "spki" });
  try {
    return library.functions.d2i_PUBKEY(0n, placeOf(library, der), BigInt(der.length));
  } finally {
    // Its last use: until here its address is good.
    der.fill(0);
  }
}

/** Where OpenSSL finds the address of the bytes, and where it writes the address after what it read. */
function placeOf(library: Libcrypto, bytes: Uint8Array): Uint8Array {
  const place = new BigUint64Array([library.addressOf(bytes)]);
  return new Uint8Array(place.buffer);
}
