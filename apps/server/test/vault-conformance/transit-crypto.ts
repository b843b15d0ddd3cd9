import { rows } from "./rows.ts";
import { type Area, base64, type Difference, mount, type Step, step, unmount } from "./scenario.ts";

const plaintext = base64("hello");

/** All causes of a failed decryption sound the same. */
function failedAt(at: string): Difference {
  return { at, coffer: "cipher: message authentication failed", row: rows.short };
}

/** Coffer's words for what OpenBao tells in the words of Go. */
function unparsable(words: string): readonly Difference[] {
  return [
    { at: "status", coffer: 400, row: rows.batch },
    { at: "body.errors.0", coffer: `failed to parse batch input: ${words}`, row: rows.batch },
  ];
}

function ciphers(path: string, type: string): readonly Step[] {
  return [
    mount(path),
    step(`POST ${path}/keys/k`, { type }, type === "ed25519" ? { random: ["data.keys.1.public_key"] } : {}),
    step(`POST ${path}/encrypt/k`, { plaintext }, { keep: { ciphertext: "data.ciphertext" } }),
    step(`POST ${path}/decrypt/k`, { ciphertext: "{{ciphertext}}" }),
    step(`POST ${path}/keys/k/rotate`),
    step(`POST ${path}/rewrap/k`, { ciphertext: "{{ciphertext}}" }, { keep: { renewed: "data.ciphertext" } }),
    step(`POST ${path}/decrypt/k`, { ciphertext: "{{renewed}}" }),
    step(`POST ${path}/encrypt/k`, { plaintext, key_version: 1 }),
    step(`POST ${path}/encrypt/k`, { plaintext, associated_data: base64("where") }),
    step(`POST ${path}/encrypt/k`, { plaintext: "" }),
    step(`POST ${path}/datakey/plaintext/k`, {}, { random: ["data.plaintext"] }),
    unmount(path),
  ];
}

export const transitCrypto: Area = {
  name: "transit-crypto",
  scenarios: [
    ...["aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305", "rsa-2048", "rsa-4096"].map(
      (type) => ({
        name: `${type} encrypts`,
        steps: ciphers(`crypto-${type}`, type),
      }),
    ),
    {
      name: "what does not encrypt says so",
      steps: [
        mount("crypto-not"),
        step("POST crypto-not/keys/ed", { type: "ed25519" }, { random: ["data.keys.1.public_key"] }),
        step("POST crypto-not/encrypt/ed", { plaintext }),
        step("POST crypto-not/decrypt/ed", { ciphertext: "vault:v1:AAAA" }),
        step("POST crypto-not/rewrap/ed", { ciphertext: "vault:v1:AAAA" }),
        step("POST crypto-not/datakey/plaintext/ed", {}),
        step("POST crypto-not/keys/mac", { type: "hmac", key_size: 32 }),
        step("POST crypto-not/encrypt/mac", { plaintext }),
        step("POST crypto-not/encrypt/made", { plaintext, type: "rsa-2048" }),
        step("POST crypto-not/keys/rsa", { type: "rsa-2048" }),
        step("POST crypto-not/encrypt/rsa", { plaintext, associated_data: base64("where") }),
        unmount("crypto-not"),
      ],
    },
    {
      name: "encrypting: refusals",
      steps: [
        mount("crypto-encrypt"),
        step("POST crypto-encrypt/keys/k", {}),
        step("POST crypto-encrypt/encrypt/k", {}),
        step("POST crypto-encrypt/encrypt/k", { plaintext: "not base64" }),
        step("POST crypto-encrypt/encrypt/k", { plaintext: 7 }),
        step("POST crypto-encrypt/encrypt/k", { plaintext, key_version: 2 }),
        step("POST crypto-encrypt/encrypt/k", { plaintext, key_version: -1 }),
        step("POST crypto-encrypt/encrypt/k", { plaintext, context: "!" }),
        step("POST crypto-encrypt/encrypt/k", { plaintext, context: base64("ignored") }),
        step("POST crypto-encrypt/encrypt/k", { plaintext, nonce: base64("123456789012") }),
        step("POST crypto-encrypt/encrypt/k", { plaintext, colour: "red" }),
        step("POST crypto-encrypt/encrypt/made", { plaintext }),
        step("GET crypto-encrypt/keys/made"),
        step("POST crypto-encrypt/encrypt/odd", { plaintext, type: "aes512" }),
        step("GET crypto-encrypt/encrypt/k"),
        unmount("crypto-encrypt"),
      ],
    },
    {
      name: "decrypting: refusals",
      steps: [
        mount("crypto-decrypt"),
        step("POST crypto-decrypt/keys/k", {}),
        step("POST crypto-decrypt/encrypt/k", { plaintext }, { keep: { ciphertext: "data.ciphertext" } }),
        step("POST crypto-decrypt/decrypt/k", {}),
        step("POST crypto-decrypt/decrypt/k", { ciphertext: "" }),
        step("POST crypto-decrypt/decrypt/k", { ciphertext: "hello" }),
        step("POST crypto-decrypt/decrypt/k", { ciphertext: "vault:" }),
        step("POST crypto-decrypt/decrypt/k", { ciphertext: "vault:v1" }),
        step("POST crypto-decrypt/decrypt/k", { ciphertext: "vault:v1:" }, { differs: [failedAt("body.errors.0")] }),
        step("POST crypto-decrypt/decrypt/k", { ciphertext: "vault:vx:AAAA" }),
        step("POST crypto-decrypt/decrypt/k", { ciphertext: "vault:v2:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }),
        step("POST crypto-decrypt/decrypt/k", { ciphertext: "vault:v1:!!!!" }),
        step("POST crypto-decrypt/decrypt/k", { ciphertext: "vault:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }),
        step("POST crypto-decrypt/decrypt/k", { ciphertext: "{{ciphertext}}", associated_data: base64("other") }),
        step("POST crypto-decrypt/decrypt/missing", { ciphertext: "{{ciphertext}}" }),
        step("POST crypto-decrypt/keys/k/rotate"),
        step("POST crypto-decrypt/keys/k/config", { min_decryption_version: 2 }),
        step("POST crypto-decrypt/decrypt/k", { ciphertext: "{{ciphertext}}" }),
        step("POST crypto-decrypt/rewrap/k", { ciphertext: "{{ciphertext}}" }),
        step("POST crypto-decrypt/rewrap/k", {}),
        step("POST crypto-decrypt/rewrap/missing", { ciphertext: "{{ciphertext}}" }),
        unmount("crypto-decrypt"),
      ],
    },
    {
      name: "associated data",
      steps: [
        mount("crypto-aad"),
        step("POST crypto-aad/keys/k", {}),
        step(
          "POST crypto-aad/encrypt/k",
          { plaintext, associated_data: base64("where") },
          { keep: { ciphertext: "data.ciphertext" } },
        ),
        step("POST crypto-aad/decrypt/k", { ciphertext: "{{ciphertext}}", associated_data: base64("where") }),
        step("POST crypto-aad/decrypt/k", { ciphertext: "{{ciphertext}}" }),
        unmount("crypto-aad"),
      ],
    },
    {
      name: "batches",
      steps: [
        mount("crypto-batch"),
        step("POST crypto-batch/keys/k", {}),
        step(
          "POST crypto-batch/encrypt/k",
          { batch_input: [{ plaintext, reference: "a" }, { plaintext: base64("b") }, { plaintext, key_version: 1 }] },
          { keep: { first: "data.batch_results.0.ciphertext", second: "data.batch_results.1.ciphertext" } },
        ),
        step("POST crypto-batch/decrypt/k", {
          batch_input: [{ ciphertext: "{{first}}", reference: "a" }, { ciphertext: "{{second}}" }],
        }),
        step("POST crypto-batch/rewrap/k", {
          batch_input: [{ ciphertext: "{{first}}" }, { ciphertext: "{{second}}" }],
        }),
        step("POST crypto-batch/encrypt/k", { batch_input: [{ plaintext }, { plaintext: "!" }] }),
        step(
          "POST crypto-batch/encrypt/k",
          { batch_input: [{ plaintext }, {}] },
          { differs: unparsable("'[1].plaintext' missing plaintext to encrypt") },
        ),
        step("POST crypto-batch/encrypt/k", { batch_input: [{ plaintext, key_version: 9 }, { plaintext }] }),
        step(
          "POST crypto-batch/decrypt/k",
          {
            batch_input: [{ ciphertext: "{{first}}" }, { ciphertext: "vault:v1:AAAA" }],
          },
          { differs: [failedAt("body.data.batch_results.1.error")] },
        ),
        step(
          "POST crypto-batch/decrypt/k",
          { batch_input: [{ ciphertext: "vault:v1:AAAA" }] },
          { differs: [failedAt("body.data.batch_results.0.error")] },
        ),
        step("POST crypto-batch/decrypt/k", {
          batch_input: [{ ciphertext: "{{first}}" }, { ciphertext: "vault:v9:AAAA" }],
          partial_failure_response_code: 207,
        }),
        step(
          "POST crypto-batch/rewrap/k",
          {
            batch_input: [{ ciphertext: "{{first}}" }, { ciphertext: "vault:v1:AAAA" }],
          },
          { differs: [failedAt("body.data.batch_results.1.error")] },
        ),
        step("POST crypto-batch/encrypt/k", { batch_input: [] }),
        step(
          "POST crypto-batch/encrypt/k",
          { batch_input: "none" },
          { differs: unparsable("source data must be an array or slice") },
        ),
        step("POST crypto-batch/encrypt/k", { batch_input: [7] }, { differs: unparsable("[0] expected a map") }),
        step(
          "POST crypto-batch/encrypt/k",
          { batch_input: [{ plaintext: 7 }] },
          { differs: unparsable("'[0].plaintext' expected type 'string'") },
        ),
        step("POST crypto-batch/encrypt/made", { batch_input: [{ plaintext }] }),
        unmount("crypto-batch"),
      ],
    },
    {
      name: "derived keys",
      steps: [
        mount("crypto-derived"),
        step("POST crypto-derived/keys/k", { derived: true }),
        step("GET crypto-derived/keys/k"),
        step("POST crypto-derived/encrypt/k", { plaintext }),
        step(
          "POST crypto-derived/encrypt/k",
          { plaintext, context: base64("user 7") },
          { keep: { ciphertext: "data.ciphertext" } },
        ),
        step("POST crypto-derived/decrypt/k", { ciphertext: "{{ciphertext}}", context: base64("user 7") }),
        step("POST crypto-derived/decrypt/k", { ciphertext: "{{ciphertext}}", context: base64("user 8") }),
        step("POST crypto-derived/decrypt/k", { ciphertext: "{{ciphertext}}" }),
        step("GET crypto-derived/keys/k?context=dXNlciA3"),
        step("POST crypto-derived/datakey/wrapped/k", { context: base64("user 7") }),
        step("POST crypto-derived/datakey/wrapped/k", {}),
        step("POST crypto-derived/keys/sign", { type: "ed25519", derived: true }),
        step("GET crypto-derived/keys/sign?context=dXNlciA3", undefined, { random: ["data.keys.1.public_key"] }),
        unmount("crypto-derived"),
      ],
    },
    {
      name: "convergent keys",
      steps: [
        mount("crypto-same"),
        step("POST crypto-same/keys/k", { derived: true, convergent_encryption: true }),
        step("GET crypto-same/keys/k"),
        step(
          "POST crypto-same/encrypt/k",
          { plaintext, context: base64("user 7") },
          { keep: { ciphertext: "data.ciphertext" } },
        ),
        step("POST crypto-same/decrypt/k", { ciphertext: "{{ciphertext}}", context: base64("user 7") }),
        step("POST crypto-same/encrypt/k", { plaintext }),
        step("POST crypto-same/encrypt/k", { plaintext, context: base64("user 7"), nonce: base64("123456789012") }),
        unmount("crypto-same"),
      ],
    },
    {
      name: "data keys and random bytes",
      steps: [
        mount("crypto-data"),
        step("POST crypto-data/keys/k", {}),
        step("POST crypto-data/datakey/plaintext/k", { bits: 128 }, { random: ["data.plaintext"] }),
        step("POST crypto-data/datakey/plaintext/k", { bits: 512 }, { random: ["data.plaintext"] }),
        step("POST crypto-data/datakey/wrapped/k", {}),
        step("POST crypto-data/datakey/other/k", {}),
        step("POST crypto-data/datakey/plaintext/k", { bits: 100 }),
        step("POST crypto-data/datakey/plaintext/missing", {}),
        step("POST crypto-data/datakey/wrapped/k", { key_version: 3 }),
        step("POST crypto-data/random", {}, { random: ["data.random_bytes"] }),
        step("POST crypto-data/random/16", { format: "hex" }, { random: ["data.random_bytes"] }),
        step("POST crypto-data/random/platform/8", {}, { random: ["data.random_bytes"] }),
        step("POST crypto-data/random/all/8", {}, { random: ["data.random_bytes"] }),
        step("POST crypto-data/random/seal/8", {}, { random: ["data.random_bytes"] }),
        step("POST crypto-data/random/nowhere/8", {}),
        step("POST crypto-data/random/0", {}),
        step(
          "POST crypto-data/random/x",
          {},
          {
            differs: [
              { at: "body.errors.0", coffer: "error parsing url-set byte count: invalid syntax", row: rows.wrongType },
            ],
          },
        ),
        step("POST crypto-data/random", { bytes: -1 }),
        step("POST crypto-data/random", { bytes: 200_000 }),
        step("POST crypto-data/random", { format: "octal" }),
        unmount("crypto-data"),
      ],
    },
  ],
};
