import { decapsulate, encapsulate, type KeyObject } from "node:crypto";
import { SecretBytes } from "./secret-bytes.ts";

/** One key encapsulation mechanism: its name in AWS KMS, and what it does with the keys of a pair. */
export interface EncapsulationAlgorithmRow {
  readonly name: string;
  /** A new shared secret, and the ciphertext that lets the holder of the private key have it too. */
  readonly encapsulate: (publicKey: KeyObject) => { readonly sharedSecret: SecretBytes; readonly ciphertext: Buffer };
  /**
   * The shared secret of a ciphertext.
   *
   * @returns undefined when the ciphertext has another length than the key's. One of the right length always yields a
   *   secret: of a changed ciphertext it is another one, which tells the sender nothing (FIPS 203, implicit rejection)
   */
  readonly decapsulate: (privateKey: KeyObject, ciphertext: Uint8Array) => SecretBytes | undefined;
}

const rows: readonly EncapsulationAlgorithmRow[] = [
  {
    // FIPS 203, sections 7.2 and 7.3. The parameter set is the key's. The shared secret has 32 bytes, the ciphertext
    // 768 (ML-KEM-512), 1088 (ML-KEM-768) or 1568 (ML-KEM-1024).
    name: "ML_KEM",
    encapsulate(publicKey) {
      const { sharedKey, ciphertext } = encapsulate(publicKey);
      return { sharedSecret: SecretBytes.takeFrom(sharedKey), ciphertext };
    },
    decapsulate(privateKey, ciphertext) {
      // The length is all that OpenSSL refuses a ciphertext for.
      try {
        return SecretBytes.takeFrom(decapsulate(privateKey, ciphertext));
      } catch {
        return undefined;
      }
    },
  },
];

const rowsByName: ReadonlyMap<string, EncapsulationAlgorithmRow> = new Map(rows.map((row) => [row.name, row]));

/** The row of an untrusted encapsulation algorithm name, exactly as AWS KMS writes it. */
export function findEncapsulationAlgorithm(name: string): EncapsulationAlgorithmRow | undefined {
  return rowsByName.get(name);
}
