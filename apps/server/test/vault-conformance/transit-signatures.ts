import { rows } from "./rows.ts";
import { type Area, base64, callersFault, mount, type Step, step, unmount } from "./scenario.ts";

const input = base64("hello");
const signature = ["data.signature"];

/** Signs in a way, and verifies what came out and another message. */
function signs(path: string, key: string, how: Record<string, string | boolean>, algorithm = ""): readonly Step[] {
  return [
    step(
      `POST ${path}/sign/${key}${algorithm}`,
      { input, ...how },
      { keep: { signature: "data.signature" }, random: signature, only: ["data.key_version"] },
    ),
    step(`POST ${path}/verify/${key}${algorithm}`, { input, signature: "{{signature}}", ...how }),
    step(`POST ${path}/verify/${key}${algorithm}`, { input: base64("other"), signature: "{{signature}}", ...how }),
  ];
}

const digest = Buffer.alloc(32, 7).toString("base64");

export const transitSignatures: Area = {
  name: "transit-signatures",
  scenarios: [
    ...["ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "rsa-3072", "rsa-4096"].map((type) => ({
      name: `${type} signs`,
      steps: [
        mount(`sign-${type}`),
        step(`POST sign-${type}/keys/k`, { type }, { only: ["data.type"] }),
        ...signs(`sign-${type}`, "k", {}),
        ...signs(`sign-${type}`, "k", { hash_algorithm: "sha2-512" }),
        ...signs(`sign-${type}`, "k", {}, "/sha2-384"),
        unmount(`sign-${type}`),
      ],
    })),
    {
      name: "ways to sign",
      steps: [
        mount("sign-ways"),
        step("POST sign-ways/keys/rsa", { type: "rsa-2048" }, { only: ["data.type"] }),
        step("POST sign-ways/keys/ec", { type: "ecdsa-p256" }, { only: ["data.type"] }),
        ...signs("sign-ways", "rsa", { signature_algorithm: "pkcs1v15" }),
        ...signs("sign-ways", "rsa", { signature_algorithm: "pss", salt_length: "hash" }),
        ...signs("sign-ways", "rsa", { salt_length: "20" }),
        step("POST sign-ways/sign/rsa", { input, salt_length: "long" }),
        step(
          "POST sign-ways/sign/rsa",
          { input, signature_algorithm: "rot13" },
          { differs: callersFault("unsupported rsa signature algorithm rot13") },
        ),
        ...signs("sign-ways", "ec", { marshaling_algorithm: "jws" }),
        step("POST sign-ways/sign/ec", { input, marshaling_algorithm: "xml" }),
        step(
          "POST sign-ways/sign/ec",
          { input: digest, prehashed: true },
          { keep: { signature: "data.signature" }, only: ["data.key_version"] },
        ),
        step("POST sign-ways/verify/ec", { input: digest, prehashed: true, signature: "{{signature}}" }),
        step("POST sign-ways/sign/ec", { input: base64("short"), prehashed: true }, { only: ["data.key_version"] }),
        step(
          "POST sign-ways/sign/rsa",
          { input: base64("short"), prehashed: true },
          { differs: callersFault("crypto/rsa: input must be hashed with given hash") },
        ),
        step(
          "POST sign-ways/sign/rsa",
          { input: base64("anything"), prehashed: true, hash_algorithm: "none", signature_algorithm: "pkcs1v15" },
          { keep: { signature: "data.signature" }, only: ["data.key_version"] },
        ),
        step("POST sign-ways/sign/rsa", { input, hash_algorithm: "none" }),
        unmount("sign-ways"),
      ],
    },
    {
      name: "`algorithm` is not `hash_algorithm`",
      steps: [
        mount("sign-old"),
        step("POST sign-old/keys/k", { type: "ecdsa-p256" }, { only: ["data.type"] }),
        ...[
          { algorithm: "sha2-512" },
          { algorithm: "sha2-512", hash_algorithm: "" },
          { algorithm: "sha2-384", hash_algorithm: "sha2-512" },
        ].flatMap((how) => [
          step(
            "POST sign-old/sign/k",
            { input, ...how },
            { keep: { signature: "data.signature" }, only: ["data.key_version"] },
          ),
          ...["sha2-256", "sha2-384", "sha2-512"].map((hash_algorithm) =>
            step("POST sign-old/verify/k", { input, signature: "{{signature}}", hash_algorithm }),
          ),
          step("POST sign-old/verify/k", { input, signature: "{{signature}}", ...how }),
        ]),
        step("POST sign-old/keys/aes", {}),
        step("POST sign-old/hmac/aes", { input, algorithm: "sha2-512" }, { keep: { hmac: "data.hmac" } }),
        step("POST sign-old/verify/aes", { input, hmac: "{{hmac}}", algorithm: "sha2-512" }),
        step("POST sign-old/verify/aes", { input, hmac: "{{hmac}}", hash_algorithm: "sha2-512" }),
        unmount("sign-old"),
      ],
    },
    {
      name: "signing: refusals",
      steps: [
        mount("sign-not"),
        step("POST sign-not/keys/k", { type: "ecdsa-p256" }, { only: ["data.type"] }),
        step("POST sign-not/keys/aes", {}),
        step("POST sign-not/sign/k", {}, { only: ["data.key_version"] }),
        step("POST sign-not/sign/k", { input: "!" }),
        step("POST sign-not/sign/k", { input, hash_algorithm: "md5" }),
        step("POST sign-not/sign/k/md5", { input }),
        step(
          "POST sign-not/sign/k",
          { input, key_version: 2 },
          { differs: callersFault("requested version for signing is higher than the latest key version") },
        ),
        step("POST sign-not/sign/aes", { input }),
        step("POST sign-not/sign/missing", { input }),
        step("POST sign-not/verify/k", { input }),
        step("POST sign-not/verify/k", { input, signature: "hello" }),
        step("POST sign-not/verify/k", { input, signature: "vault:v1:" }),
        step("POST sign-not/verify/k", { input, signature: "vault:vx:AAAA" }),
        step("POST sign-not/verify/k", { input, signature: "vault:v9:AAAA" }),
        step("POST sign-not/verify/k", { input, signature: "vault:v1:!!!!" }),
        step("POST sign-not/verify/k", { input, signature: "vault:v1:AAAA" }),
        step("POST sign-not/verify/k", { input, signature: "vault:v1:AAAA", hmac: "vault:v1:AAAA" }),
        step("POST sign-not/verify/aes", { input, signature: "vault:v1:AAAA" }),
        step("POST sign-not/verify/missing", { input, signature: "vault:v1:AAAA" }),
        unmount("sign-not"),
      ],
    },
    {
      name: "batches of signatures",
      steps: [
        mount("sign-batch"),
        step("POST sign-batch/keys/k", { type: "ed25519" }, { only: ["data.type"] }),
        step(
          "POST sign-batch/sign/k",
          { batch_input: [{ input, reference: "a" }, { input: base64("b") }] },
          { keep: { signature: "data.batch_results.0.signature" } },
        ),
        step("POST sign-batch/verify/k", {
          batch_input: [
            { input, signature: "{{signature}}", reference: "a" },
            { input: base64("other"), signature: "{{signature}}" },
          ],
        }),
        step("POST sign-batch/sign/k", { batch_input: [{ input }, { input: "!" }] }),
        step("POST sign-batch/sign/k", { batch_input: [{ input }, {}] }),
        step("POST sign-batch/verify/k", {
          batch_input: [
            { input, signature: "{{signature}}" },
            { input, hmac: "vault:v1:AAAA" },
          ],
        }),
        step("POST sign-batch/verify/k", { batch_input: [{ input, signature: "{{signature}}" }, { input }] }),
        step("POST sign-batch/sign/k", { batch_input: [] }),
        unmount("sign-batch"),
      ],
    },
    {
      name: "HMAC",
      steps: [
        mount("sign-hmac"),
        step("POST sign-hmac/keys/k", {}),
        step("POST sign-hmac/hmac/k", { input }, { keep: { hmac: "data.hmac" } }),
        step("POST sign-hmac/verify/k", { input, hmac: "{{hmac}}" }),
        step("POST sign-hmac/verify/k", { input: base64("other"), hmac: "{{hmac}}" }),
        step("POST sign-hmac/verify/k", { input, hmac: "vault:v1:AAAA" }),
        step("POST sign-hmac/hmac/k", { input, algorithm: "sha2-512" }),
        step("POST sign-hmac/hmac/k/sha3-384", { input }),
        step(
          "POST sign-hmac/hmac/k",
          { input, algorithm: "md5" },
          { differs: [{ at: "body.errors.0", coffer: 'unsupported algorithm "md5"', row: rows.algorithm }] },
        ),
        step("POST sign-hmac/hmac/k", {}),
        step("POST sign-hmac/hmac/k", { input: "!" }),
        step("POST sign-hmac/hmac/k", { input, key_version: 5 }),
        step("POST sign-hmac/hmac/missing", { input }),
        step("POST sign-hmac/keys/mac", { type: "hmac", key_size: 32 }),
        step("POST sign-hmac/hmac/mac", { input }, { keep: { hmac: "data.hmac" } }),
        step("POST sign-hmac/verify/mac", { input, hmac: "{{hmac}}" }),
        step("POST sign-hmac/hmac/k", { batch_input: [{ input, reference: "a" }, { input: "!" }] }),
        step("POST sign-hmac/verify/mac", {
          batch_input: [
            { input, hmac: "{{hmac}}" },
            { input, hmac: "vault:v1:AAAA" },
          ],
        }),
        unmount("sign-hmac"),
      ],
    },
    {
      name: "hashes",
      steps: [
        mount("sign-hash"),
        ...["sha2-224", "sha2-256", "sha2-384", "sha2-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512"].map(
          (algorithm) => step(`POST sign-hash/hash/${algorithm}`, { input }),
        ),
        step("POST sign-hash/hash", { input }),
        step("POST sign-hash/hash", { input, algorithm: "sha2-512", format: "base64" }),
        step("POST sign-hash/hash", { input, algorithm: "md5" }),
        step("POST sign-hash/hash", { input, format: "octal" }),
        step("POST sign-hash/hash", { input: "!" }),
        step("POST sign-hash/hash", {}),
        unmount("sign-hash"),
      ],
    },
  ],
};
