import { ecdsaRows } from "./signing/ecdsa.ts";
import { ed25519Rows } from "./signing/ed25519.ts";
import { mlDsaSigningRows } from "./signing/ml-dsa.ts";
import type { SigningAlgorithmRow } from "./signing/row.ts";
import { rsaPkcs1Rows } from "./signing/rsa-pkcs1.ts";
import { rsaPssRows } from "./signing/rsa-pss.ts";

const rows: readonly SigningAlgorithmRow[] = [
  ...rsaPssRows,
  ...rsaPkcs1Rows,
  ...ecdsaRows,
  ...ed25519Rows,
  ...mlDsaSigningRows,
];

const rowsByName: ReadonlyMap<string, SigningAlgorithmRow> = new Map(rows.map((row) => [row.name, row]));

/** The row of an untrusted algorithm name, exactly as AWS KMS writes it. */
export function findSigningAlgorithm(name: string): SigningAlgorithmRow | undefined {
  return rowsByName.get(name);
}
