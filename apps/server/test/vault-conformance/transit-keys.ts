import { rows } from "./rows.ts";
import { type Area, callersFault, mount, type Step, step, unmount } from "./scenario.ts";

const types = [
  "aes128-gcm96",
  "aes256-gcm96",
  "chacha20-poly1305",
  "xchacha20-poly1305",
  "ed25519",
  "ecdsa-p256",
  "ecdsa-p384",
  "ecdsa-p521",
  "rsa-2048",
  "rsa-3072",
  "rsa-4096",
  "hmac",
] as const;

/** Random public keys that are not in PEM. */
function publicKeys(type: string): Pick<Step, "random"> {
  return type === "ed25519" ? { random: ["data.keys.1.public_key", "data.keys.2.public_key"] } : {};
}

export const transitKeys: Area = {
  name: "transit-keys",
  scenarios: [
    ...types.map((type) => ({
      name: `a key of the type ${type}`,

      steps: [
        mount(`keys-${type}`),
        step(`POST keys-${type}/keys/k`, { type, ...(type === "hmac" ? { key_size: 32 } : {}) }, publicKeys(type)),
        step(`GET keys-${type}/keys/k`, undefined, publicKeys(type)),
        step(`POST keys-${type}/keys/k/rotate`, undefined, publicKeys(type)),
        step(`GET keys-${type}/keys/k`, undefined, publicKeys(type)),
        step(`POST keys-${type}/keys/k/config`, { deletion_allowed: true }, publicKeys(type)),
        step(`DELETE keys-${type}/keys/k`),
        step(`GET keys-${type}/keys/k`),
        unmount(`keys-${type}`),
      ],
    })),
    {
      name: "creating",
      steps: [
        mount("keys-create"),
        step("LIST keys-create/keys"),
        step("GET keys-create/keys?list=true"),
        step("POST keys-create/keys/k", {}),
        step(
          "POST keys-create/keys/k",
          {},
          {
            differs: [{ at: "body.warnings", coffer: ["key k already existed"], row: rows.already }],
          },
        ),
        step("PUT keys-create/keys/k2", { exportable: true, allow_plaintext_backup: true }),
        step("POST keys-create/keys/rotating", { auto_rotate_period: "30d" }),
        step("POST keys-create/keys/often", { auto_rotate_period: "30m" }),
        step("POST keys-create/keys/never", { auto_rotate_period: "-1h" }),
        step("POST keys-create/keys/odd", { type: "aes512" }),
        step("POST keys-create/keys/convergent", { convergent_encryption: true }),
        step("POST keys-create/keys/size", { key_size: 64 }),
        step("POST keys-create/keys/unknown", { colour: "red", shape: "round" }),
        step(
          "POST keys-create/keys/text",
          { exportable: "yes please" },
          {
            differs: [
              {
                at: "body.errors.0",
                coffer: `Field validation failed: error converting input for field "exportable": expected true or false`,
                row: rows.wrongType,
              },
            ],
          },
        ),
        step("POST keys-create/keys/number", { type: 7 }),
        step("LIST keys-create/keys"),
        step("LIST keys-create/keys/"),
        step("LIST keys-create/keys?limit=2"),
        step("LIST keys-create/keys?after=k&limit=1"),
        step("LIST keys-create/keys?limit=-1"),
        step("GET keys-create/keys/missing"),
        step("DELETE keys-create/keys/missing"),
        step("DELETE keys-create/keys/k"),
        step("PATCH keys-create/keys/k", {}),
        unmount("keys-create"),
      ],
    },
    {
      name: "creating: refusals of types",
      steps: [
        mount("keys-odd"),
        step(
          "POST keys-odd/keys/rsa-derived",
          { type: "rsa-2048", derived: true },
          {
            differs: callersFault("key derivation and convergent encryption not supported for keys of type rsa-2048"),
          },
        ),
        step("POST keys-odd/keys/small", { type: "hmac", key_size: 8 }),
        step("POST keys-odd/keys/large", { type: "hmac", key_size: 1024 }),
        unmount("keys-odd"),
      ],
    },
    {
      name: "configuring",
      steps: [
        mount("keys-config"),
        step("POST keys-config/keys/k", {}),
        step("POST keys-config/keys/k/rotate"),
        step("POST keys-config/keys/k/rotate", {}),
        step("POST keys-config/keys/k/config", {}),
        step("POST keys-config/keys/k/config", { min_decryption_version: 4 }),
        step("POST keys-config/keys/k/config", { min_decryption_version: -1 }),
        step("POST keys-config/keys/k/config", { min_encryption_version: 4 }),
        step("POST keys-config/keys/k/config", { min_encryption_version: -1 }),
        step("POST keys-config/keys/k/config", { min_decryption_version: 2, min_encryption_version: 1 }),
        step("POST keys-config/keys/k/config", { min_decryption_version: 2 }),
        step(
          "POST keys-config/keys/k/config",
          { min_decryption_version: 0 },
          {
            differs: [
              {
                at: "body.warnings.0",
                coffer: "since Vault 0.3, transit key numbering starts at 1; forcing minimum to 1",
                row: rows.since,
              },
            ],
          },
        ),
        step("POST keys-config/keys/k/config", { min_encryption_version: 3 }),
        step("GET keys-config/keys/k"),
        step("POST keys-config/keys/k/config", { min_encryption_version: 0 }),
        step("POST keys-config/keys/k/config", { exportable: true }),
        step("POST keys-config/keys/k/config", { exportable: false }),
        step("POST keys-config/keys/k/config", { allow_plaintext_backup: true }),
        step("POST keys-config/keys/k/config", { allow_plaintext_backup: false }),
        step("POST keys-config/keys/k/config", { deletion_allowed: true }),
        step("POST keys-config/keys/k/config", { deletion_allowed: false }),
        step("POST keys-config/keys/k/config", { auto_rotate_period: "24h" }),
        step("POST keys-config/keys/k/config", { auto_rotate_period: 3599 }),
        step("POST keys-config/keys/k/config", { auto_rotate_period: 0 }),
        step("POST keys-config/keys/missing/config", { deletion_allowed: true }),
        step("POST keys-config/keys/missing/rotate"),
        unmount("keys-config"),
      ],
    },
    {
      name: "trimming",
      steps: [
        mount("keys-trim"),
        step("POST keys-trim/keys/k", {}),
        step("POST keys-trim/keys/k/rotate"),
        step("POST keys-trim/keys/k/rotate"),
        step("POST keys-trim/keys/k/trim", {}),
        step("POST keys-trim/keys/k/trim", { min_available_version: 2 }),
        step("POST keys-trim/keys/k/config", { min_decryption_version: 2, min_encryption_version: 2 }),
        step("POST keys-trim/keys/k/trim", { min_available_version: 3 }),
        step("POST keys-trim/keys/k/trim", { min_available_version: 9 }),
        step("POST keys-trim/keys/k/trim", { min_available_version: -1 }),
        step("POST keys-trim/keys/k/trim", { min_available_version: 2 }),
        step("GET keys-trim/keys/k"),
        step("POST keys-trim/keys/k/trim", { min_available_version: 1 }),
        step("POST keys-trim/keys/k/config", { min_decryption_version: 1 }),
        step("POST keys-trim/keys/missing/trim", { min_available_version: 1 }),
        unmount("keys-trim"),
      ],
    },
    {
      name: "deleting softly",
      steps: [
        mount("keys-soft"),
        step("POST keys-soft/keys/k", {}),
        step("DELETE keys-soft/keys/k/soft-delete"),
        step("POST keys-soft/keys/k/soft-delete"),
        step("GET keys-soft/keys/k"),
        step("POST keys-soft/encrypt/k", { plaintext: "aGVsbG8=" }),
        step("POST keys-soft/keys/k/rotate", undefined, { differs: callersFault("refusing to use soft-deleted key") }),
        step("POST keys-soft/keys/k/soft-delete-restore"),
        step("POST keys-soft/encrypt/k", { plaintext: "aGVsbG8=" }),
        step("POST keys-soft/keys/missing/soft-delete"),
        unmount("keys-soft"),
      ],
    },
    {
      name: "settings of a mount",
      steps: [
        mount("keys-settings"),
        step("GET keys-settings/config/keys"),
        step("POST keys-settings/config/keys", { disable_upsert: true }),
        step("POST keys-settings/encrypt/new", { plaintext: "aGVsbG8=" }),
        step("GET keys-settings/config/keys"),
        step(
          "POST keys-settings/config/keys",
          { disable_upsert: "maybe" },
          {
            differs: [
              {
                at: "body.errors.0",
                coffer: `Field validation failed: error converting input for field "disable_upsert": expected true or false`,
                row: rows.wrongType,
              },
            ],
          },
        ),
        step("GET keys-settings/cache-config"),
        step("POST keys-settings/cache-config", { size: 5 }),
        step("POST keys-settings/cache-config", { size: 500 }),
        step("GET keys-settings/cache-config"),
        step("POST keys-settings/cache-config", {}),
        unmount("keys-settings"),
      ],
    },
  ],
};
