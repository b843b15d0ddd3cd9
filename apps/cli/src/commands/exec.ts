import type { Command } from "../command.ts";
import { formatOption } from "../config/option-rows.ts";
import { contextOption } from "../context-flags.ts";
import { keyServiceOptions } from "../key-services.ts";

/** `coffer exec`: as SOPS's exec-env, and as AWS Lambda gives programs their encrypted variables. */
export const execCommand: Command = {
  name: "exec",
  summary: "Run a program with decrypted environment variables",
  usage: "[--env-file FILE]... [--decrypt-env NAME]... -- COMMAND [ARGUMENT]...",
  options: [
    {
      name: "env-file",
      placeholder: "FILE",
      many: true,
      doc: "Encrypted variables: dotenv, or names and values in YAML, JSON, TOML or INI. Repeatable; a later one wins.",
    },
    {
      name: "decrypt-env",
      placeholder: "NAME",
      many: true,
      doc: "A variable of this environment whose value is base64 of a KMS ciphertext. Repeatable.",
    },
    contextOption,
    { name: "pristine", doc: "The program gets the decrypted variables alone, and PATH." },
    formatOption,
    ...keyServiceOptions,
  ],
  notes: [
    "Nothing decrypted touches the disk. The exit code is the program's; signals are passed on to it.",
    "Example:\n  coffer exec --env-file secrets.enc.env -- node server.js",
  ],
  maxPositionals: Number.POSITIVE_INFINITY,
  run: async (invocation) => (await import("../config/run-exec.ts")).runExec(invocation),
};
