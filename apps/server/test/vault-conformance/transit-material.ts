import { rows } from "./rows.ts";
import { type Area, base64, callersFault, mount, type Scenario, type Step, step, unmount } from "./scenario.ts";

const keys = ["data.keys.1", "data.keys.2"];

/** What the original refuses as if it were its own fault. */
function refusals(type: string, kind: string): Pick<Step, "differs"> {
  const hasPublicKey = type === "ed25519" || type.startsWith("ecdsa") || type.startsWith("rsa");
  if (kind === "public-key" && !hasPublicKey) {
    return { differs: callersFault(`unknown key type ${type} for export type public-key`) };
  }
  if (kind !== "certificate-chain" || !hasPublicKey) return {};
  return { differs: callersFault("selected key version does not have a certificate chain imported") };
}

function exportsOf(path: string, type: string, kinds: readonly string[]): Scenario {
  const all = ["encryption-key", "signing-key", "hmac-key", "public-key", "certificate-chain"];
  return {
    name: `export of ${type}`,
    steps: [
      mount(path),
      step(
        `POST ${path}/keys/k`,
        { type, exportable: true, ...(type === "hmac" ? { key_size: 32 } : {}) },
        { only: ["data.type"] },
      ),
      step(`POST ${path}/keys/k/rotate`, undefined, { only: [] }),
      ...all.map(
        (kind): Step => step(`GET ${path}/export/${kind}/k`, undefined, { random: keys, ...refusals(type, kind) }),
      ),
      ...kinds.map((kind): Step => step(`GET ${path}/export/${kind}/k/latest`, undefined, { random: keys })),
      ...kinds.map((kind): Step => step(`GET ${path}/export/${kind}/k/1`, undefined, { random: keys })),
      unmount(path),
    ],
  };
}

export const transitMaterial: Area = {
  name: "transit-material",
  scenarios: [
    exportsOf("out-aes", "aes256-gcm96", ["encryption-key", "hmac-key"]),
    exportsOf("out-chacha", "chacha20-poly1305", ["encryption-key"]),
    exportsOf("out-ed", "ed25519", ["signing-key", "public-key"]),
    exportsOf("out-ec", "ecdsa-p384", ["signing-key", "public-key"]),
    exportsOf("out-rsa", "rsa-2048", ["encryption-key", "signing-key", "public-key"]),
    exportsOf("out-hmac", "hmac", ["hmac-key"]),
    {
      name: "export: refusals",
      steps: [
        mount("out-not"),
        step("POST out-not/keys/closed", {}),
        step("GET out-not/export/encryption-key/closed"),
        step("POST out-not/keys/open", { exportable: true }),
        step("GET out-not/export/other-key/open"),
        step("GET out-not/export/encryption-key/open/9"),
        step("GET out-not/export/encryption-key/open/x"),
        step("GET out-not/export/encryption-key/missing"),
        step("POST out-not/keys/pair", { type: "ecdsa-p256" }, { only: ["data.type"] }),
        step("GET out-not/export/public-key/pair", undefined, { random: keys }),
        step("GET out-not/export/signing-key/pair"),
        unmount("out-not"),
      ],
    },
    {
      name: "backup and restore",
      steps: [
        mount("out-backup"),
        step("POST out-backup/keys/k", { exportable: true, allow_plaintext_backup: true }),
        step("POST out-backup/encrypt/k", { plaintext: base64("hello") }, { keep: { ciphertext: "data.ciphertext" } }),
        step("POST out-backup/keys/k/rotate"),
        step("GET out-backup/backup/k", undefined, {
          keep: { backup: "data.backup" },
          random: ["data.backup"],
          only: [],
        }),
        step("POST out-backup/restore", { backup: "{{backup}}" }, { differs: callersFault('key "k" already exists') }),
        step("POST out-backup/restore/again", { backup: "{{backup}}" }),
        step("POST out-backup/decrypt/again", { ciphertext: "{{ciphertext}}" }),
        step("GET out-backup/keys/again"),
        step("POST out-backup/restore/again", { backup: "{{backup}}", force: true }),
        step(
          "POST out-backup/restore",
          { backup: "!" },
          { differs: callersFault("illegal base64 data at input byte 0") },
        ),
        step(
          "POST out-backup/restore",
          { backup: base64("{}") },
          {
            differs: [
              { at: "status", coffer: 400, row: rows.noPolicy },
              {
                at: "body",
                coffer: { errors: ["the backup is not one of a Transit key: it has no policy"] },
                row: rows.noPolicy,
              },
            ],
          },
        ),
        step(
          "POST out-backup/restore",
          { backup: base64("hello") },
          { differs: callersFault("invalid character 'h' looking for beginning of value") },
        ),
        step("POST out-backup/restore", {}),
        step("POST out-backup/keys/closed", {}),
        step("GET out-backup/backup/closed", undefined, {
          differs: callersFault("exporting is disallowed on the policy"),
        }),
        step("POST out-backup/keys/half", { exportable: true }),
        step("GET out-backup/backup/half", undefined, {
          differs: callersFault("plaintext backup is disallowed on the policy"),
        }),
        step("GET out-backup/backup/missing", undefined, { differs: callersFault('key "missing" not found') }),
        unmount("out-backup"),
      ],
    },
    {
      name: "import: refusals and facts",
      steps: [
        mount("in-key"),
        step("GET in-key/wrapping_key"),
        step(
          "POST in-key/keys/k/import",
          {},
          { differs: callersFault("provided type does not support public_key import") },
        ),
        step(
          "POST in-key/keys/k/import",
          { ciphertext: "!", type: "aes256-gcm96" },
          { differs: callersFault("illegal base64 data at input byte 0") },
        ),
        step(
          "POST in-key/keys/k/import",
          { ciphertext: base64("short"), type: "aes256-gcm96" },
          { differs: callersFault("provided ciphertext is too short") },
        ),
        step(
          "POST in-key/keys/k/import",
          { ciphertext: Buffer.alloc(552).toString("base64"), type: "aes256-gcm96" },
          { differs: callersFault("crypto/rsa: decryption error") },
        ),
        step("POST in-key/keys/k/import", { ciphertext: Buffer.alloc(552).toString("base64"), type: "aes512" }),
        step("POST in-key/keys/k/import", {
          ciphertext: Buffer.alloc(552).toString("base64"),
          type: "aes256-gcm96",
          hash_function: "MD5",
        }),
        step(
          "POST in-key/keys/k/import",
          {
            ciphertext: Buffer.alloc(552).toString("base64"),
            type: "aes256-gcm96",
            derived: true,
            convergent_encryption: true,
          },
          { differs: callersFault("import cannot be used on keys with convergent encryption enabled") },
        ),
        step("POST in-key/keys/made", {}),
        step(
          "POST in-key/keys/made/import",
          { ciphertext: Buffer.alloc(552).toString("base64"), type: "aes256-gcm96" },
          {
            differs: callersFault(
              "the import path cannot be used with an existing key; use import-version to rotate an existing imported key",
            ),
          },
        ),
        step(
          "POST in-key/keys/made/import_version",
          { ciphertext: Buffer.alloc(552).toString("base64") },
          { differs: callersFault("the import_version endpoint can only be used with an imported key") },
        ),
        step(
          "POST in-key/keys/missing/import_version",
          { ciphertext: Buffer.alloc(552).toString("base64") },
          { differs: callersFault("no key found with name missing; to import a new key, use the import/ endpoint") },
        ),
        unmount("in-key"),
      ],
    },
    {
      name: "import of a public key",
      steps: [
        mount("in-public"),
        step("POST in-public/keys/k/import", {
          type: "ed25519",
          public_key:
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
        }),
        step("GET in-public/keys/k"),
        step(
          "POST in-public/sign/k",
          { input: base64("hello") },
          { differs: callersFault("requested version for signing does not contain a private part") },
        ),
        step("POST in-public/verify/k", {
          input: base64("hello"),
          signature: `vault:v1:${Buffer.alloc(64).toString("base64")}`,
        }),
        step("GET in-public/export/public-key/k"),
        step("POST in-public/keys/k/rotate", undefined, {
          differs: callersFault("imported key k does not allow rotation within Vault"),
        }),
        unmount("in-public"),
      ],
    },
    {
      name: "export wrapped for another key",
      steps: [
        mount("out-byok"),
        step("POST out-byok/keys/source", { exportable: true }),
        step("POST out-byok/keys/target", { type: "rsa-4096" }, { only: ["data.type"] }),
        step("GET out-byok/byok-export/target/source", undefined, { random: keys }),
        step("GET out-byok/byok-export/target/source/latest", undefined, { random: keys }),
        step("GET out-byok/byok-export/source/target"),
        step("GET out-byok/byok-export/missing/source", undefined, {
          differs: callersFault("no such destination key to export to"),
        }),
        unmount("out-byok"),
      ],
    },
  ],
};
