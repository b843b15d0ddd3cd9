import {
  canonicalMaterial,
  findKeySpec,
  type ImportHash,
  type KeySpec,
  loadPublicKeyOf,
  SecretBytes,
  specOfTransitType,
  takesPublicKeys,
  unwrapForTransit,
} from "@coffer/crypto";
import type { Core } from "../../../core.ts";
import { invariant, ServiceError } from "../../../errors.ts";
import type { MountRecord } from "../../../model/mount.ts";
import { readPemBlocks } from "../pem.ts";
import { wrappingKeyOf } from "./wrapping-key.ts";

/** Material as it comes: wrapped to the mount's wrapping key, or a public key alone. */
export type ForeignMaterial =
  | { readonly kind: "wrapped"; readonly hash: ImportHash; readonly ciphertext: Buffer }
  /** PEM. */
  | { readonly kind: "public"; readonly pem: string };

/** Material that was opened and is of its type. Its owner disposes of it. */
export interface OpenedMaterial {
  readonly spec: KeySpec;
  readonly material: SecretBytes;
  readonly isPublic: boolean;
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/**
 * Opens imported material and checks that it is of its type (OpenBao, builtin/logical/transit/path_import.go). One message
 * for all that is wrong with a ciphertext.
 *
 * @param type Vault's name
 * @throws ServiceError InvalidInput
 */
export async function openForeignMaterial(
  core: Core,
  mount: MountRecord,
  type: string,
  foreign: ForeignMaterial,
): Promise<OpenedMaterial> {
  const row = specOfTransitType(type);
  invariant(row !== undefined, "the type of an import is known");
  if (foreign.kind === "public") return openPublic(row.spec, foreign.pem);
  const wrappingKey = await wrappingKeyOf(core, mount);
  const unwrapped = await unwrapForTransit(wrappingKey, foreign.hash, foreign.ciphertext);
  if (unwrapped === undefined) refuse("crypto/rsa: decryption error");
  using raw = unwrapped;
  // The length of an HMAC key decides which spec it has.
  const spec = specOfTransitType(type, "", raw.byteLength)?.spec ?? row.spec;
  const loaded = findKeySpec(spec)?.load(raw);
  if (loaded !== undefined) return { spec, material: canonicalMaterial(loaded), isPublic: false };
  if (findKeySpec(spec)?.kind === "secret") {
    refuse(`invalid key size ${raw.byteLength} bytes for key type ${type}`);
  }
  return refuse(`error parsing asymmetric key: it is no PKCS #8 private key of type ${type}`);
}

function openPublic(spec: KeySpec, pem: string): OpenedMaterial {
  if (!takesPublicKeys(spec)) refuse("provided type does not support public_key import");
  const [block] = readPemBlocks(pem) ?? [];
  if (block === undefined) refuse("error parsing public key: not in PEM format");
  const key = loadPublicKeyOf(spec, block.der);
  if (key === undefined) refuse("error parsing public key: it is none of the key's type");
  const material = SecretBytes.takeFrom(key.export({ format: "der", type: "spki" }));
  return { spec, material, isPublic: true };
}
