import type { KeyObject } from "node:crypto";
import { canSignWithOpenssl, type EvpSchemeName } from "../openssl/evp-signatures.ts";
import type { SchemeName } from "./schemes.ts";

// By Node's name of the key's type.
const names: Readonly<Record<SchemeName, ReadonlyMap<string | undefined, EvpSchemeName>>> = {
  ecdsa: new Map([["ec", "ecdsa-digest"]]),
  ed25519ph: new Map([["ed25519", "ed25519ph"]]),
  "ml-dsa-mu": new Map([
    ["ml-dsa-44", "ml-dsa-44-mu"],
    ["ml-dsa-65", "ml-dsa-65-mu"],
    ["ml-dsa-87", "ml-dsa-87-mu"],
  ]),
  // Node's own API has it.
  rsa: new Map(),
};

/** What OpenSSL does for a scheme and a key; undefined where it is JavaScript's to do, or nobody's. */
export function findOpensslScheme(scheme: SchemeName, key: KeyObject): EvpSchemeName | undefined {
  return canSignWithOpenssl() ? names[scheme].get(key.asymmetricKeyType) : undefined;
}
