import { identity } from "./identity.ts";
import { jwt } from "./jwt.ts";
import { kv } from "./kv.ts";
import { leases } from "./leases.ts";
import { logins } from "./logins.ts";
import { policies } from "./policies.ts";
import { requests } from "./requests.ts";
import type { Area } from "./scenario.ts";
import { seal } from "./seal.ts";
import { shares } from "./shares.ts";
import { sys } from "./sys.ts";
import { tokens } from "./tokens.ts";
import { transitCrypto } from "./transit-crypto.ts";
import { transitKeys } from "./transit-keys.ts";
import { transitMaterial } from "./transit-material.ts";
import { transitSignatures } from "./transit-signatures.ts";
import { wrapping } from "./wrapping.ts";

/** Everything that is recorded, a file each. */
export const areas: readonly Area[] = [
  transitKeys,
  transitCrypto,
  transitSignatures,
  transitMaterial,
  kv,
  tokens,
  policies,
  leases,
  logins,
  wrapping,
  sys,
  identity,
  jwt,
  seal,
  shares,
  requests,
];
