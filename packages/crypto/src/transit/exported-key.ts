import type { KeyObject } from "node:crypto";
import { invariant } from "../invariant.ts";
import { encodePublicKey } from "../public-key.ts";
import { SecretBytes } from "../secret-bytes.ts";
import { transitKeyBytes } from "./derivation.ts";

/** What is told of a key: its own form, `raw` bytes, or `der` and `pem` of PKCS #8 or SubjectPublicKeyInfo. */
export type TransitExportFormat = "" | "raw" | "der" | "pem";

/** A key on its way out: base64 of the bytes, or PEM where there is a label. */
export interface ExportedKey {
  readonly bytes: SecretBytes;
  readonly pemLabel?: string;
  /** Whether the original ends its PEM with a line break. */
  readonly endsLine?: boolean;
}

interface ExportRow {
  /** The private key's own form: where it is not PKCS #8. */
  readonly own: (key: KeyObject) => ExportedKey;
  /** Whether that is `raw`, too. */
  readonly hasRaw: boolean;
  readonly endsLine: boolean;
}

function der(key: KeyObject, type: "pkcs1" | "sec1" | "pkcs8"): SecretBytes {
  return SecretBytes.takeFrom(key.export({ format: "der", type }));
}

/** By Node's name of the key's type; PKCS #8 for others. */
const rows: ReadonlyMap<string | undefined, ExportRow> = new Map([
  [
    "rsa",
    {
      own: (key) => ({ bytes: der(key, "pkcs1"), pemLabel: "RSA PRIVATE KEY", endsLine: true }),
      hasRaw: false,
      endsLine: true,
    },
  ],
  ["ec", { own: (key) => ({ bytes: der(key, "sec1"), pemLabel: "EC PRIVATE KEY" }), hasRaw: false, endsLine: false }],
  ["ed25519", { own: (key) => ({ bytes: transitKeyBytes(key) }), hasRaw: true, endsLine: false }],
]);

const others: ExportRow = {
  own: (key) => ({ bytes: der(key, "pkcs8"), pemLabel: "PRIVATE KEY" }),
  hasRaw: false,
  endsLine: false,
};

/**
 * A secret or private key as Transit exports it (OpenBao, builtin/logical/transit/path_export.go).
 *
 * @returns undefined when the key has no such format
 */
export function exportPrivateKey(key: KeyObject, format: TransitExportFormat): ExportedKey | undefined {
  if (key.type === "secret") {
    return format === "" || format === "raw" ? { bytes: SecretBytes.takeFrom(key.export()) } : undefined;
  }
  invariant(key.type === "private", "a private key is exported as one");
  const row = rows.get(key.asymmetricKeyType) ?? others;
  if (format === "" || (format === "raw" && row.hasRaw)) return row.own(key);
  if (format === "raw") return undefined;
  const bytes = der(key, "pkcs8");
  return format === "der" ? { bytes } : { bytes, pemLabel: "PRIVATE KEY", endsLine: row.endsLine };
}

/**
 * A public key as Transit exports it.
 *
 * @returns undefined when the key has no such format
 */
export function exportPublicKey(key: KeyObject, format: TransitExportFormat): ExportedKey | undefined {
  const row = rows.get(key.asymmetricKeyType) ?? others;
  if (row.hasRaw && (format === "" || format === "raw")) {
    return { bytes: SecretBytes.takeFrom(key.export({ format: "raw-public" })) };
  }
  if (format === "raw") return undefined;
  const bytes = SecretBytes.takeFrom(encodePublicKey(key));
  return format === "der" ? { bytes } : { bytes, pemLabel: "PUBLIC KEY", endsLine: row.endsLine };
}
