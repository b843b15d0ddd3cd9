import type { Command } from "../command.ts";
import { keyServiceOptions } from "../key-services.ts";

/** `coffer git ...`: encrypted files in git. */
export const gitCommands: readonly Command[] = [
  {
    name: "git install",
    summary: "Teach this git repository to show and to keep encrypted config files",
    usage: "",
    options: [],
    notes: [
      "Writes diff.coffer and filter.coffer into the repository's own configuration. Then, in .gitattributes:",
      "  *.enc.yaml diff=coffer       the file is encrypted on disk too; git diff and git log -p show its values",
      "  secrets.yaml filter=coffer diff=coffer   plain on disk, encrypted in git, by the rules of .sops.yaml",
    ],
    run: async (invocation) => (await import("../config/run-git.ts")).runInstall(invocation),
  },
  {
    name: "git textconv",
    summary: "Print an encrypted config file decrypted, for git diff",
    usage: "FILE",
    options: [...keyServiceOptions],
    maxPositionals: 1,
    run: async (invocation) => (await import("../config/run-git.ts")).runTextconv(invocation),
  },
  {
    name: "git clean",
    summary: "Encrypt what comes in for git; unchanged values keep their ciphertexts",
    usage: "PATH",
    options: [...keyServiceOptions],
    maxPositionals: 1,
    run: async (invocation) => (await import("../config/run-git.ts")).runClean(invocation),
  },
  {
    name: "git smudge",
    summary: "Decrypt what git has for the working tree",
    usage: "PATH",
    options: [...keyServiceOptions],
    maxPositionals: 1,
    run: async (invocation) => (await import("../config/run-git.ts")).runSmudge(invocation),
  },
];
