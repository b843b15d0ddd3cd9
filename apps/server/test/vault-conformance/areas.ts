import type { Area } from "./scenario.ts";
import { transitCrypto } from "./transit-crypto.ts";
import { transitKeys } from "./transit-keys.ts";
import { transitMaterial } from "./transit-material.ts";
import { transitSignatures } from "./transit-signatures.ts";

/** Everything that is recorded, a file each. */
export const areas: readonly Area[] = [transitKeys, transitCrypto, transitSignatures, transitMaterial];
