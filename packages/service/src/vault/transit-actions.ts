/** What an operation on a Transit path asks IAM policies and key policies. */
export interface TransitAction {
  /** Below the mount; `*` stands for the key's name, or for one segment where `keyless`. */
  readonly path: string;
  readonly capability: "create" | "read" | "update" | "delete" | "list";
  /** All of them are needed. */
  readonly actions: readonly string[];
  /** It is about no key that is there. */
  readonly keyless?: boolean;
}

/** The Transit paths that have an action of AWS KMS, each with the capability that Vault's policies would ask for. */
export const transitActions: readonly TransitAction[] = [
  { path: "encrypt/*", capability: "update", actions: ["kms:Encrypt"] },
  { path: "encrypt/*", capability: "create", actions: ["kms:CreateKey"], keyless: true },
  { path: "decrypt/*", capability: "update", actions: ["kms:Decrypt"] },
  { path: "rewrap/*", capability: "update", actions: ["kms:ReEncryptFrom", "kms:ReEncryptTo"] },
  { path: "datakey/plaintext/*", capability: "update", actions: ["kms:GenerateDataKey"] },
  { path: "datakey/wrapped/*", capability: "update", actions: ["kms:GenerateDataKeyWithoutPlaintext"] },
  { path: "sign/*", capability: "update", actions: ["kms:Sign"] },
  { path: "verify/*", capability: "update", actions: ["kms:Verify"] },
  { path: "hmac/*", capability: "update", actions: ["kms:GenerateMac"] },
  { path: "keys/*", capability: "read", actions: ["kms:DescribeKey"] },
  { path: "keys/*", capability: "delete", actions: ["kms:ScheduleKeyDeletion"] },
  { path: "keys/*", capability: "create", actions: ["kms:CreateKey"], keyless: true },
  { path: "keys/*/rotate", capability: "update", actions: ["kms:RotateKeyOnDemand"] },
  ...["encryption-key", "signing-key", "hmac-key"].map(
    (kind): TransitAction => ({ path: `export/${kind}/*`, capability: "read", actions: ["kms:ExportKeyMaterial"] }),
  ),
  ...["public-key", "certificate-chain"].map(
    (kind): TransitAction => ({ path: `export/${kind}/*`, capability: "read", actions: ["kms:GetPublicKey"] }),
  ),
  { path: "backup/*", capability: "read", actions: ["kms:ExportKeyMaterial"] },
  { path: "keys/*/trim", capability: "update", actions: ["kms:TrimKey"] },
  { path: "keys/*/csr", capability: "update", actions: ["kms:Sign"] },
  { path: "keys/*/set-certificate", capability: "update", actions: ["kms:ConfigureKey"] },
  { path: "keys/*/soft-delete", capability: "delete", actions: ["kms:DisableKey"] },
  { path: "keys/*/soft-delete-restore", capability: "update", actions: ["kms:EnableKey"] },
  { path: "keys/*/config", capability: "update", actions: ["kms:ConfigureKey"] },
  {
    path: "keys/*/import",
    capability: "update",
    actions: ["kms:CreateKey", "kms:ImportKeyMaterial"],
    keyless: true,
  },
  { path: "keys/*/import_version", capability: "update", actions: ["kms:ImportKeyMaterial"] },
  { path: "restore/*", capability: "update", actions: ["kms:CreateKey", "kms:ImportKeyMaterial"], keyless: true },
  { path: "keys", capability: "list", actions: ["kms:ListKeys"], keyless: true },
  { path: "random", capability: "update", actions: ["kms:GenerateRandom"], keyless: true },
  { path: "random/*", capability: "update", actions: ["kms:GenerateRandom"], keyless: true },
];

/** The rows for a path below a Transit mount, with the key's name; a slash at the path's end is a list's. */
export function transitActionsOf(path: string): readonly { readonly row: TransitAction; readonly name: string }[] {
  const segments = path.replace(/\/$/, "").split("/");
  return transitActions.flatMap((row) => {
    const wanted = row.path.split("/");
    if (wanted.length !== segments.length) return [];
    const matches = wanted.every((part, index) => part === "*" || part === segments[index]);
    return matches ? [{ row, name: segments[wanted.indexOf("*")] ?? "" }] : [];
  });
}

/** What the aliases of a mount's keys start with: `alias/` for `transit`, `alias/MOUNT/` for any other. */
export function transitAliasPrefix(mountPath: string): string {
  return mountPath === "transit" ? "alias/" : `alias/${mountPath}/`;
}
