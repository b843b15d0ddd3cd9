import type { Route } from "../http/routes.ts";
import { backupRoute, restoreRoute } from "./backup.ts";
import { byokExportRoute } from "./byok-export.ts";
import { csrRoute, setCertificateRoute } from "./certificates.ts";
import { dataKeyRoute } from "./data-key.ts";
import { decryptRoute, rewrapRoute } from "./decrypt.ts";
import { encryptRoute } from "./encrypt.ts";
import { restoreSoftDeleted, softDeleteTransitKey, trimTransitKey } from "./end-of-keys.ts";
import { exportRoute } from "./export.ts";
import { hashRoute } from "./hash.ts";
import { hmacRoute } from "./hmac.ts";
import { importRoute, importVersionRoute, wrappingKeyRoute } from "./import.ts";
import { keyExists } from "./key-name.ts";
import {
  configureTransitKey,
  createTransitKey,
  deleteTransitKey,
  listTransitKeys,
  readTransitKey,
  rotateTransitKey,
} from "./keys.ts";
import { readCacheConfig, readKeysConfig, writeCacheConfig, writeKeysConfig } from "./mount-settings.ts";
import { randomRoute } from "./random.ts";
import { signRoute, verifyRoute } from "./sign.ts";

const randomFields = ["bytes", "format", "source"];
const random = { update: randomRoute, read: randomRoute };

const signFields = [
  "algorithm",
  "batch_input",
  "context",
  "hash_algorithm",
  "input",
  "key_version",
  "marshaling_algorithm",
  "prehashed",
  "salt_length",
  "signature_algorithm",
];
const hashFields = ["algorithm", "format", "input"];

/** Transit's endpoints below a mount, each with the parameters that it knows. */
export const transitRoutes: readonly Route[] = [
  {
    pattern: "encrypt/:name",
    fields: [
      "associated_data",
      "batch_input",
      "context",
      "convergent_encryption",
      "key_version",
      "partial_failure_response_code",
      "plaintext",
      "type",
    ],
    operations: { update: encryptRoute },
    exists: keyExists,
  },
  {
    pattern: "decrypt/:name",
    fields: ["associated_data", "batch_input", "ciphertext", "context", "partial_failure_response_code"],
    operations: { update: decryptRoute },
  },
  {
    pattern: "rewrap/:name",
    fields: ["associated_data", "batch_input", "ciphertext", "context", "key_version"],
    operations: { update: rewrapRoute },
  },
  {
    pattern: "datakey/:name/:name",
    fields: ["associated_data", "bits", "context", "key_version"],
    operations: { update: dataKeyRoute },
  },
  ...["sign/:name", "sign/:name/:name"].map((pattern) => ({
    pattern,
    fields: signFields,
    operations: { update: signRoute },
  })),
  ...["verify/:name", "verify/:name/:name"].map((pattern) => ({
    pattern,
    fields: [...signFields, "hmac", "signature"],
    operations: { update: verifyRoute },
  })),
  ...["hmac/:name", "hmac/:name/:name"].map((pattern) => ({
    pattern,
    fields: ["algorithm", "batch_input", "input", "key_version"],
    operations: { update: hmacRoute },
  })),
  ...["hash", "hash/:name"].map((pattern) => ({ pattern, fields: hashFields, operations: { update: hashRoute } })),
  { pattern: "keys", fields: ["after", "limit"], operations: { list: listTransitKeys }, slash: true },
  {
    pattern: "keys/:name",
    fields: [
      "allow_plaintext_backup",
      "auto_rotate_period",
      "context",
      "convergent_encryption",
      "derived",
      "exportable",
      "key_size",
      "parameter_set",
      "type",
    ],
    operations: { read: readTransitKey, update: createTransitKey, delete: deleteTransitKey },
    exists: keyExists,
  },
  {
    pattern: "keys/:name/config",
    fields: [
      "allow_plaintext_backup",
      "auto_rotate_period",
      "deletion_allowed",
      "exportable",
      "min_decryption_version",
      "min_encryption_version",
    ],
    operations: { update: configureTransitKey },
  },
  { pattern: "keys/:name/rotate", fields: [], operations: { update: rotateTransitKey } },
  { pattern: "wrapping_key", fields: [], operations: { read: wrappingKeyRoute } },
  {
    pattern: "keys/:name/import",
    fields: [
      "allow_plaintext_backup",
      "allow_rotation",
      "auto_rotate_period",
      "ciphertext",
      "context",
      "derived",
      "exportable",
      "hash_function",
      "public_key",
      "type",
    ],
    operations: { update: importRoute },
  },
  {
    pattern: "keys/:name/import_version",
    fields: ["ciphertext", "hash_function", "public_key", "version"],
    operations: { update: importVersionRoute },
  },
  ...["byok-export/:name/:name", "byok-export/:name/:name/*"].map((pattern) => ({
    pattern,
    fields: ["hash"],
    operations: { read: byokExportRoute },
  })),
  { pattern: "keys/:name/csr", fields: ["csr", "version"], operations: { update: csrRoute } },
  {
    pattern: "keys/:name/set-certificate",
    fields: ["certificate_chain", "version"],
    operations: { update: setCertificateRoute },
  },
  { pattern: "keys/:name/trim", fields: ["min_available_version"], operations: { update: trimTransitKey } },
  { pattern: "keys/:name/soft-delete", fields: [], operations: { delete: softDeleteTransitKey } },
  { pattern: "keys/:name/soft-delete-restore", fields: [], operations: { update: restoreSoftDeleted } },
  {
    pattern: "config/keys",
    fields: ["disable_upsert"],
    operations: { read: readKeysConfig, update: writeKeysConfig },
  },
  { pattern: "cache-config", fields: ["size"], operations: { read: readCacheConfig, update: writeCacheConfig } },
  ...["export/:name/:name", "export/:name/:name/*"].map((pattern) => ({
    pattern,
    fields: ["format"],
    operations: { read: exportRoute },
  })),
  { pattern: "backup/:name", fields: [], operations: { read: backupRoute } },
  ...["restore", "restore/*"].map((pattern) => ({
    pattern,
    fields: ["backup", "force"],
    operations: { update: restoreRoute },
  })),
  { pattern: "random", fields: randomFields, operations: random },
  { pattern: "random/:name", fields: randomFields, operations: random },
  { pattern: "random/:name/:name", fields: randomFields, operations: random },
];
