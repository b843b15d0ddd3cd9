import { type CiphersuiteImpl, type CiphersuiteName, getCiphersuiteFromName, getCiphersuiteImpl } from "ts-mls";

/** The suite that every implementation of RFC 9420 has (section 17.1), and the only one that this package uses. */
export const suiteName = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519" satisfies CiphersuiteName;

/** The suite's functions, by Web Cryptography: keys and nonces come of the platform's generator. */
export function loadSuite(): Promise<CiphersuiteImpl> {
  return getCiphersuiteImpl(getCiphersuiteFromName(suiteName));
}
