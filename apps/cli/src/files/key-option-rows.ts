import type { OptionRow } from "../command.ts";

/** Which keys: of both kinds, and several. */
export const keyOptions: readonly OptionRow[] = [
  {
    name: "key",
    placeholder: "KEY",
    many: true,
    doc: "A KMS key: its ARN or id, or alias/NAME. Given again: any one of them decrypts.",
  },
  {
    name: "vault-key",
    placeholder: "[MOUNT/]NAME",
    many: true,
    doc: "A Transit key at VAULT_ADDR, with VAULT_TOKEN; the mount is transit unless given. Given again as --key.",
  },
];
