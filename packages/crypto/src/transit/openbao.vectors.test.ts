import assert from "node:assert/strict";
import { test } from "node:test";
import { hmacSha256 } from "../digest.ts";
import { publicKeyOf } from "../public-key.ts";
import { SecretBytes } from "../secret-bytes.ts";
import { readVectorFile } from "../testing/vectors.ts";
import { decryptTransit, encryptTransit, parseTransitCiphertext } from "../transit-ciphertext.ts";
import { findTransitCipher } from "./ciphers.ts";
import { deriveTransitKey, ed25519OfSeed, transitKeyBytes } from "./derivation.ts";
import { findTransitScheme, type TransitSigning } from "./signatures.ts";
import { specOfTransitType } from "./types.ts";

interface Made {
  readonly text: string;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Frozen {
  readonly name: string;
  readonly type: string;
  readonly backup: string;
  readonly ciphertexts: readonly Made[];
  readonly signatures: readonly Made[];
}

interface Policy {
  readonly derived: boolean;
  readonly convergent_encryption: boolean;
  readonly keys: Readonly<Record<string, { readonly key: string }>>;
}

/** What OpenBao encrypted and signed for these vectors. */
const plaintext = "the message";

const { keys } = readVectorFile<{ readonly keys: readonly Frozen[] }>("openbao/backups.json");

/** The raw key of a version, as OpenBao backs it up. */
function rawKey(policy: Policy, version: number): Buffer {
  return Buffer.from(policy.keys[String(version)]!.key, "base64");
}

const bytesOf = (text = "") => Buffer.from(text, "base64");

for (const frozen of keys) {
  const policy: Policy = JSON.parse(Buffer.from(frozen.backup, "base64").toString()).policy;
  const cipher = findTransitCipher(specOfTransitType(frozen.type)!.spec);
  if (cipher !== undefined) {
    test(`OpenBao's ${frozen.name}: its ciphertexts decrypt, and convergent ones are made again`, () => {
      assert.ok(frozen.ciphertexts.length > 0);
      for (const { text, parameters } of frozen.ciphertexts) {
        const parsed = parseTransitCiphertext(text)!;
        const material = SecretBytes.takeFrom(rawKey(policy, parsed.keyVersion)).toKeyObject();
        const context = bytesOf(parameters["context"]);
        const aad = bytesOf(parameters["associated_data"]);
        const keyBytes: number = cipher.keyBytes;
        const derived: SecretBytes | undefined = policy.derived
          ? deriveTransitKey("hkdf_sha256", material, context, keyBytes + (policy.convergent_encryption ? 32 : 0))
          : undefined;
        const own = derived?.use((bytes) =>
          SecretBytes.takeFrom(Buffer.from(bytes.subarray(0, keyBytes))).toKeyObject(),
        );
        const key = own ?? material;
        assert.equal(decryptTransit(cipher, parsed, key, aad)?.toString(), plaintext);
        assert.equal(decryptTransit(cipher, parsed, key, Buffer.from("other")), undefined);
        if (derived === undefined || !policy.convergent_encryption) continue;
        const nonce = derived.use((bytes) => hmacSha256(Buffer.from(bytes.subarray(keyBytes)), plaintext));
        const { keyVersion } = parsed;
        const made = encryptTransit({
          cipher,
          material: key,
          keyVersion,
          plaintext: Buffer.from(plaintext),
          nonce,
          aad,
        });
        assert.equal(made, text);
      }
    });
  } else if (frozen.type === "ed25519") {
    test(`OpenBao's ${frozen.name}: its signatures verify`, async () => {
      const how: TransitSigning = {
        hash: undefined,
        prehashed: false,
        padding: "pss",
        saltLength: "auto",
        marshaling: "asn1",
      };
      assert.ok(frozen.signatures.length > 0);
      for (const { text, parameters } of frozen.signatures) {
        const { keyVersion, body } = parseTransitCiphertext(text)!;
        const master = ed25519OfSeed(SecretBytes.takeFrom(rawKey(policy, keyVersion).subarray(0, 32)));
        assert.deepEqual(
          transitKeyBytes(master).use((bytes) => bytes.toString("hex")),
          rawKey(policy, keyVersion).toString("hex"),
        );
        const context = bytesOf(parameters["context"]);
        const key = policy.derived
          ? ed25519OfSeed(deriveTransitKey("hkdf_sha256", transitKeyBytes(master).toKeyObject(), context, 32))
          : master;
        const verify = (message: string) =>
          findTransitScheme(key)!.verify(publicKeyOf(key), Buffer.from(message), how, body);
        assert.deepEqual(await verify(plaintext), { ok: true, value: true });
        assert.deepEqual(await verify("another"), { ok: true, value: false });
      }
    });
  }
}
