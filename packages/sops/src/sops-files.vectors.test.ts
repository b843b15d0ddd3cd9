import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { KmsClient, TransitClient } from "@coffer/envelope";
import { decryptDocument } from "./config-file.ts";
import type { ConfigFormat } from "./document.ts";
import { jsonFormat } from "./json/json-document.ts";
import { yamlFormat } from "./yaml/yaml-document.ts";

interface RecordedFile {
  readonly name: string;
  readonly format: string;
  readonly plain: string;
  readonly encrypted: string;
  /** What the key service unwraps, by what is wrapped. */
  readonly unwrappedHex: Readonly<Record<string, string>>;
}

const { files } = JSON.parse(readFileSync(new URL("../../../vectors/sops/files.json", import.meta.url), "utf8")) as {
  readonly files: readonly RecordedFile[];
};
const formats = new Map<string, ConfigFormat>([yamlFormat, jsonFormat].map((format) => [format.name, format]));

describe("files that sops 3.13.3 encrypted", () => {
  for (const { name, format, plain, encrypted, unwrappedHex } of files) {
    const recorded = new Map(Object.entries(unwrappedHex));
    const bytesOf = (wrapped: string) => Uint8Array.from(Buffer.from(recorded.get(wrapped) ?? "", "hex"));
    const kms: Pick<KmsClient, "decrypt"> = {
      decrypt: async ({ CiphertextBlob }) => ({ Plaintext: bytesOf(Buffer.from(CiphertextBlob).toString("base64")) }),
    };
    const transit: Pick<TransitClient, "decrypt"> = {
      decrypt: async ({ ciphertext }) => ({ plaintext: bytesOf(ciphertext) }),
    };
    it(`${format}: ${name}`, async () => {
      const clients = { kms: () => kms as KmsClient, transit: () => transit as TransitClient };
      // Any recipient's key is enough, but for key groups.
      const { transit: transitAlone } = clients;
      for (const services of name === "key groups" ? [clients] : [clients, { transit: transitAlone }]) {
        const document = formats.get(format)!.parse(encrypted);
        await decryptDocument(document, { services });
        assert.deepEqual(document.get([]), formats.get(format)!.parse(plain).get([]));
        const words = (text: string) => (text.match(/# \w+/g) ?? []).toSorted();
        assert.deepEqual(words(document.render()), words(plain));
      }
    });
  }
});
