import { ServiceError } from "@coffer/service";

/** Types that Vault or OpenBao has and this release has not. */
const otherTypes: ReadonlySet<string> = new Set([
  "aes128-cmac",
  "aes128-gcm96",
  "aes256-cmac",
  "chacha20-poly1305",
  "ecdsa-p256",
  "ecdsa-p384",
  "ecdsa-p521",
  "ed25519",
  "external-key",
  "hmac",
  "hybrid",
  "managed_key",
  "ml-dsa",
  "rsa-2048",
  "rsa-3072",
  "rsa-4096",
  "slh-dsa",
  "xchacha20-poly1305",
]);

/** The type that keys have here, and Vault's default. */
const supportedType = "aes256-gcm96";

/** @throws ServiceError InvalidInput for a type that nobody has; Unsupported for one that Coffer has not */
export function checkKeyType(type: string | undefined): void {
  if (type === undefined || type === supportedType) return;
  if (otherTypes.has(type)) {
    throw ServiceError.of("Unsupported", {
      reason: `key type ${type} is not supported by this release of Coffer: use ${supportedType}`,
    });
  }
  const shown = /^[\w.-]{1,64}$/.test(type) ? type : JSON.stringify(type.slice(0, 64));
  throw ServiceError.of("InvalidInput", { kind: "validation", member: "type", reason: `unknown key type ${shown}` });
}

/** @throws ServiceError Unsupported when a derived or convergent key is asked for */
export function refuseDerivation(derived: boolean | undefined, convergent: boolean | undefined): void {
  if (convergent === true && derived !== true) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: "convergent encryption requires derivation to be enabled",
    });
  }
  if (derived !== true) return;
  throw ServiceError.of("Unsupported", {
    reason: "key derivation and convergent encryption are not supported by this release of Coffer",
  });
}
