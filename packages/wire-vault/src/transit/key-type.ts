import { ServiceError, specOfTransitType, type TransitAttributes, type TransitTypeRow } from "@coffer/service";
import type { VaultCall } from "../http/call.ts";

/** OpenBao, sdk/helper/keysutil: `HmacMinKeySize` and `HmacMaxKeySize`; bytes. */
const minHmacBytes = 32;
const maxHmacBytes = 512;
/** Vault's default. */
const defaultType = "aes256-gcm96";

/** Types that Vault or OpenBao has and Coffer has not. */
const otherTypes: ReadonlySet<string> = new Set([
  "aes128-cmac",
  "aes192-cmac",
  "aes256-cmac",
  "external-key",
  "hybrid",
  "managed_key",
  "slh-dsa",
]);

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

function shown(type: string): string {
  return /^[\w.-]{1,64}$/.test(type) ? type : JSON.stringify(type.slice(0, 64));
}

/**
 * The row of a key type.
 *
 * @throws ServiceError InvalidInput for a type that nobody has; Unsupported for one that Coffer has not
 */
export function findKeyType(type: string, parameterSet = "", keyBytes = 0): TransitTypeRow {
  const row = specOfTransitType(type, parameterSet, keyBytes);
  if (row !== undefined) return row;
  if (otherTypes.has(type)) {
    throw ServiceError.of("Unsupported", { reason: `key type ${type} is not supported by Coffer` });
  }
  if (specOfTransitType(type) !== undefined)
    refuse(`invalid parameter_set ${shown(parameterSet)} for key type ${type}`);
  return refuse(`unknown key type ${shown(type)}`);
}

/** What a new key is to be. */
export interface NewKey {
  readonly type: TransitTypeRow;
  readonly transit: Partial<TransitAttributes>;
}

/** Attributes of a key that Transit makes. */
export function newKeyAttributes(
  type: TransitTypeRow,
  options: { readonly derived: boolean; readonly convergent: boolean; readonly keyBytes?: number },
): Partial<TransitAttributes> {
  const { derived, convergent, keyBytes = 0 } = options;
  if (convergent && !derived) refuse("convergent encryption requires derivation to be enabled");
  if (derived && !type.derivation)
    refuse(`key derivation and convergent encryption not supported for keys of type ${type.type}`);
  if (convergent && type.encryption !== "aead")
    refuse(`convergent encryption not supported for keys of type ${type.type}`);
  return {
    allUses: true,
    ...(derived ? { kdf: "hkdf_sha256" } : {}),
    ...(convergent ? { convergentVersion: 3 } : {}),
    ...(keyBytes === 0 ? {} : { secretBytes: keyBytes }),
  };
}

/** The type and attributes that a call wants its key to have (Vault API: Transit, create key). */
export function readNewKey({ fields }: VaultCall): NewKey {
  const name = fields.text("type") ?? defaultType;
  const keyBytes = fields.integer("key_size") ?? 0;
  const type = findKeyType(name, fields.text("parameter_set"), keyBytes);
  if (keyBytes !== 0) {
    if (type.type !== "hmac") refuse(`key_size is not valid for algorithm ${type.type}`);
    if (keyBytes < minHmacBytes || keyBytes > maxHmacBytes) refuse(`invalid key_size ${keyBytes}`);
  }
  const derived = fields.boolean("derived") ?? false;
  const convergent = fields.boolean("convergent_encryption") ?? false;
  return { type, transit: newKeyAttributes(type, { derived, convergent, keyBytes }) };
}
