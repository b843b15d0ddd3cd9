import type { RuleName } from "@coffer/sops";
import type { OptionRow } from "../command.ts";
import { contextOption } from "../context-flags.ts";

const formatNames = ["yaml", "json", "toml", "ini", "dotenv", "binary"];

/** `--format`, the same for every command that has it. */
export const formatOption: OptionRow = {
  name: "format",
  placeholder: "FORMAT",
  doc: `${formatNames.join(", ")}; else the end of the file's name tells, and other files are one value.`,
};

/** Where the result goes. */
export const outputOptions: readonly OptionRow[] = [
  { name: "output", short: "o", placeholder: "FILE", doc: "Where the result goes; else standard output." },
  { name: "in-place", short: "i", doc: "The result takes the file's place." },
  { name: "force", short: "f", doc: "Overwrite the output." },
];

const ruleDocs: Readonly<Record<RuleName, string>> = {
  unencrypted_suffix: "Names with this end keep plain values.",
  encrypted_suffix: "Values of names with this end alone are encrypted.",
  unencrypted_regex: "Names that match keep plain values.",
  encrypted_regex: "Values of names that match alone are encrypted.",
  unencrypted_comment_regex: "Values below a comment that matches stay plain.",
  encrypted_comment_regex: "Values below a comment that matches alone are encrypted.",
};

/** The options that say who may decrypt a file, and which values are encrypted. */
export const recipientOptions: readonly OptionRow[] = [
  {
    name: "key",
    placeholder: "KEY",
    many: true,
    doc: "A KMS key that decrypts it: an ARN, or alias/NAME. Repeatable.",
  },
  {
    name: "vault-key",
    placeholder: "[MOUNT/]NAME",
    many: true,
    doc: "A Transit key of the Vault server in VAULT_ADDR, or its whole address. Repeatable.",
  },
  contextOption,
  ...Object.entries(ruleDocs).map(([name, doc]) => ({
    name: name.replaceAll("_", "-"),
    placeholder: name.endsWith("suffix") ? "SUFFIX" : "REGEX",
    doc,
  })),
];
