// The type alone: `node:ffi` itself is not in every Node.
import type ffi from "node:ffi";

const pointer = "pointer";
const buffer = "buffer";

/** The functions of OpenSSL 3.5 that sign what Node's API does not (their manual pages: EVP_PKEY_sign, d2i_X509). */
const definitions = {
  OPENSSL_version_major: { arguments: [], return: "uint32" },
  OPENSSL_version_minor: { arguments: [], return: "uint32" },
  OPENSSL_version_patch: { arguments: [], return: "uint32" },
  ERR_clear_error: { arguments: [], return: "void" },
  d2i_AutoPrivateKey: { arguments: [pointer, buffer, "int64"], return: pointer },
  d2i_PUBKEY: { arguments: [pointer, buffer, "int64"], return: pointer },
  EVP_PKEY_free: { arguments: [pointer], return: "void" },
  EVP_PKEY_get_size: { arguments: [pointer], return: "int32" },
  EVP_PKEY_CTX_new_from_pkey: { arguments: [pointer, pointer, pointer], return: pointer },
  EVP_PKEY_CTX_free: { arguments: [pointer], return: "void" },
  EVP_SIGNATURE_fetch: { arguments: [pointer, buffer, pointer], return: pointer },
  OSSL_PARAM_BLD_new: { arguments: [], return: pointer },
  OSSL_PARAM_BLD_push_int: { arguments: [pointer, buffer, "int32"], return: "int32" },
  OSSL_PARAM_BLD_to_param: { arguments: [pointer], return: pointer },
  OSSL_PARAM_BLD_free: { arguments: [pointer], return: "void" },
  EVP_PKEY_sign_init: { arguments: [pointer], return: "int32" },
  EVP_PKEY_sign_message_init: { arguments: [pointer, pointer, pointer], return: "int32" },
  EVP_PKEY_sign: { arguments: [pointer, buffer, buffer, buffer, "uint64"], return: "int32" },
  EVP_PKEY_verify_init: { arguments: [pointer], return: "int32" },
  EVP_PKEY_verify_message_init: { arguments: [pointer, pointer, pointer], return: "int32" },
  EVP_PKEY_verify: { arguments: [pointer, buffer, "uint64", buffer, "uint64"], return: "int32" },
} as const satisfies ffi.FunctionDefinitions;

/** OpenSSL's functions, and the address of a buffer's bytes, valid while the buffer lives. */
export interface Libcrypto {
  readonly functions: ffi.WrappedFunctionsFromDefinitions<typeof definitions>;
  readonly addressOf: (bytes: Uint8Array) => bigint;
}

let loaded: { readonly library: Libcrypto | undefined } | undefined;

/**
 * The OpenSSL that this Node itself runs on, or undefined where it cannot be reached: a Node without `node:ffi` or with
 * `--no-experimental-ffi`, a permission model that forbids it, a system without `dlopen`, another cryptographic library.
 */
export function libcrypto(): Libcrypto | undefined {
  loaded ??= { library: load() };
  return loaded.library;
}

function load(): Libcrypto | undefined {
  try {
    // Not an import: that would stop a Node without it.
    const module = process.getBuiltinModule("node:ffi") as typeof ffi | undefined;
    if (module === undefined) return undefined;
    // The program itself: no file is looked for, so none can be put in its place.
    const { functions } = module.dlopen(null, definitions);
    const { OPENSSL_version_major: major, OPENSSL_version_minor: minor, OPENSSL_version_patch: patch } = functions;
    if (`${major()}.${minor()}.${patch()}` !== process.versions.openssl) return undefined;
    return { functions, addressOf: module.getRawPointer };
  } catch {
    return undefined;
  }
}
