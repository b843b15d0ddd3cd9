import type { Command } from "../command.ts";
import { formatOption, recipientOptions } from "../config/option-rows.ts";
import { keyServiceOptions } from "../key-services.ts";

/** `coffer config edit`. */
export const configEditCommand: Command = {
  name: "config edit",
  summary: "Edit an encrypted config file in your editor",
  usage: "FILE",
  options: [...recipientOptions, formatOption, ...keyServiceOptions],
  notes: [
    "The editor is VISUAL or EDITOR, else vi. It gets a copy in memory (/dev/shm) where there is one, else in the temporary folder, which is overwritten and removed afterwards. It has to wait for its end, as 'code --wait' does.",
    "Values that did not change keep their ciphertexts, so that a diff shows what changed.",
    "A file that is not there yet is made, for the keys of the options or of .sops.yaml.",
    "Example:\n  coffer config edit secrets.enc.yaml",
  ],
  maxPositionals: 1,
  run: async (invocation) => (await import("../config/run-edit.ts")).runEdit(invocation),
};
