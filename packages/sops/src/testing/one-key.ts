import { type KmsClient, PlaintextDataKey } from "@coffer/envelope";
import type { SopsContext } from "../config-file.ts";
import type { KeyServices } from "../key-services.ts";
import { parseKmsRecipient } from "../recipients.ts";
import { ValueCipher } from "../value-cipher.ts";

/** A recipient for tests that need no server. */
export const recipient = parseKmsRecipient(
  "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000001",
);

/** Stands for a key service: one wrapping key in memory. */
export function oneKey(): { readonly services: KeyServices; readonly calls: string[] } {
  const calls: string[] = [];
  const cipher = new ValueCipher(PlaintextDataKey.takeFrom(new Uint8Array(32).fill(9)));
  const client: Pick<KmsClient, "encrypt" | "decrypt"> = {
    async encrypt({ KeyId, Plaintext }) {
      calls.push("encrypt");
      return { CiphertextBlob: Buffer.from(cipher.seal({ kind: "str", bytes: Buffer.from(Plaintext) }, KeyId)) };
    },
    async decrypt({ KeyId, CiphertextBlob }) {
      calls.push("decrypt");
      const opened = cipher.open(Buffer.from(CiphertextBlob).toString(), KeyId);
      if (opened === undefined) throw new Error("wrong key");
      return { Plaintext: Uint8Array.from(opened.bytes) };
    },
  };
  return { services: { kms: () => client as KmsClient }, calls };
}

export const testContext: SopsContext = { services: oneKey().services, nowMs: () => Date.UTC(2026, 10, 23) };
