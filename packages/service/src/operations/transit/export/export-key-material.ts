import {
  type ExportedKey,
  exportPrivateKey,
  exportPublicKey,
  findTransitType,
  type TransitExportFormat,
  type TransitTypeRow,
} from "@coffer/crypto";
import { ServiceError } from "../../../errors.ts";
import type { KeyEntry } from "../../../keys/key-entry.ts";
import { type Call, defineOperation } from "../../../pipeline/operation.ts";
import { activeOnly, anyState, type KeyInput, namedKey } from "../../shared.ts";
import { transitTypeOf } from "../uses.ts";
import { versionsToExport } from "./versions.ts";

/** Coffer's own: AWS KMS lets no material out. The default key policy's `kms:*` leaves it to IAM policies. */
export const exportAction = "kms:ExportKeyMaterial";

/** What Transit lets out of a key. */
export type PrivateExport = "encryption-key" | "signing-key" | "hmac-key";
export type PublicExport = "public-key" | "certificate-chain";

export interface ExportKeyInput<Kind> extends KeyInput {
  readonly kind: Kind;
  /** A number, with or without `v`, or `latest`; empty: all from the lowest for decryption on. */
  readonly version: string;
  readonly format: TransitExportFormat;
}

export interface ExportedVersion {
  readonly version: number;
  readonly exported: ExportedKey | string;
}

export interface ExportKeyOutput {
  /** Vault's name of the key's type. */
  readonly type: string;
  readonly versions: readonly ExportedVersion[];
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

function refuseSoftDeleted({ record }: KeyEntry): void {
  if (record.transit.softDeleted === true) refuse("refusing to use soft-deleted key");
}

const formatRefusals: ReadonlyMap<string | undefined, string> = new Map([
  ["rsa", "unknown key format for rsa key; supported values are ``, `der`, or `pem`"],
  ["ec", "unknown key format for ec key; supported values are ``, `der`, or `pem`"],
  [undefined, "unknown format for HMAC key; supported values are `` or `raw`"],
]);

function checkKind(kind: PrivateExport, { encryption, signing }: TransitTypeRow): void {
  if (kind === "encryption-key" && encryption === undefined) refuse("encryption not supported for the key");
  if (kind === "signing-key" && !signing) refuse("signing not supported for the key");
}

/**
 * Vault API: Transit, export key. Secrets and private keys leave in the clear: the key has to be exportable, and the
 * caller needs a permission of its own for it.
 *
 * @throws ServiceError InvalidInput, KeyUnavailable
 */
export const exportKeyMaterial = defineOperation<ExportKeyInput<PrivateExport>, ExportKeyOutput>({
  name: "ExportKeyMaterial",
  plane: "data",
  readOnly: true,
  keys: [namedKey(exportAction, activeOnly, { customerOnly: true })],
  record: ({ keyId, kind, version, format }) => ({ keyId, exportType: kind, version, format }),
  wipe: wipeExported,
  async run(call) {
    const key = call.keys[0]!;
    const { kind, format } = call.input;
    if (!key.record.transit.exportable) refuse("private key material is not exportable");
    checkKind(kind, transitTypeOf(key));
    return exportVersions(call, async (version) => {
      const material = await (kind === "hmac-key" ? key.hmacKey(version) : key.material(version));
      if (material === undefined) return undefined;
      const exported = exportPrivateKey(material, format);
      return exported ?? refuse(formatRefusals.get(material.asymmetricKeyType) ?? `unknown format: ${format}`);
    });
  },
});

/** Vault API: Transit, export key, of what is no secret: public keys and certificates. */
export const exportPublicParts = defineOperation<ExportKeyInput<PublicExport>, ExportKeyOutput>({
  name: "ExportPublicKey",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:GetPublicKey", anyState)],
  record: ({ keyId, kind, version, format }) => ({ keyId, exportType: kind, version, format }),
  async run(call) {
    const key = call.keys[0]!;
    const { kind, format } = call.input;
    refuseSoftDeleted(key);
    const type = transitTypeOf(key);
    if (kind === "public-key") {
      if (!key.isPair) refuse(`unknown key type ${type.type} for export type public-key`);
      return exportVersions(call, async (version) => {
        const publicKey = await key.publicKey(version);
        if (publicKey === undefined) return undefined;
        const exported = exportPublicKey(publicKey, format);
        return exported ?? refuse(formatRefusals.get(publicKey.asymmetricKeyType) ?? `unknown format: ${format}`);
      });
    }
    if (!type.signing) refuse("certificate chain not supported for keys that do not support signing");
    return exportVersions(
      call,
      async (_version, certificateChain) =>
        certificateChain ?? refuse("selected key version does not have a certificate chain imported"),
    );
  },
});

async function exportVersions(
  { core, keys, input }: Call<ExportKeyInput<unknown>>,
  exportOne: (version: number, certificateChain: string | undefined) => Promise<ExportedKey | string | undefined>,
): Promise<ExportKeyOutput> {
  const key = keys[0]!;
  const versions: ExportedVersion[] = [];
  const output = { type: findTransitType(key.record.spec)?.type ?? "", versions };
  try {
    for (const { version, certificateChain } of await versionsToExport(core, key, input.version)) {
      const exported = await exportOne(version, certificateChain);
      // A public key that came without its private key exports to nothing.
      versions.push({ version, exported: exported ?? "" });
    }
  } catch (error) {
    wipeExported(output);
    throw error;
  }
  return output;
}

/** Wipes what an export let out, once it is answered. */
export function wipeExported({ versions }: ExportKeyOutput): void {
  for (const { exported } of versions) if (typeof exported !== "string") exported.bytes.dispose();
}
