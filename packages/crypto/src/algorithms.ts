import { eccRows } from "./key-specs/ecc.ts";
import { hmacRows, longHmacRow } from "./key-specs/hmac.ts";
import { mlDsaRows } from "./key-specs/ml-dsa.ts";
import { mlKemRows } from "./key-specs/ml-kem.ts";
import type { KeySpec, KeySpecRow } from "./key-specs/row.ts";
import { rsaRows } from "./key-specs/rsa.ts";
import { symmetricRows, transitSymmetricRows } from "./key-specs/symmetric.ts";

export type { KeySpec } from "./key-specs/row.ts";

const rows: readonly KeySpecRow[] = [...symmetricRows, ...rsaRows, ...eccRows, ...hmacRows, ...mlDsaRows, ...mlKemRows];

/** One row for each key spec of AWS KMS. */
export const keySpecs: ReadonlyMap<KeySpec, KeySpecRow> = new Map(rows.map((row) => [row.spec, row]));

const rowsByName: ReadonlyMap<string, KeySpecRow> = new Map(
  [...rows, ...transitSymmetricRows, longHmacRow].map((row) => [row.spec, row]),
);

/** The row of an untrusted spec name, exactly as AWS KMS writes it; or of a spec that Transit alone has. */
export function findKeySpec(name: string): KeySpecRow | undefined {
  return rowsByName.get(name);
}
