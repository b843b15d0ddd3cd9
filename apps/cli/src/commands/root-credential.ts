import { loadSettings } from "@coffer/server/config";
import type { Command } from "../command.ts";
import { readSharesFromInput } from "../read-shares.ts";
import { print, twoColumns } from "../terminal.ts";
import { serverCommand } from "./server.ts";

/** `coffer admin root-credential`: works on the data directory, without a server. */
export const rootCredentialCommand: Command = {
  name: "admin root-credential",
  summary: "Replace the account root's credentials, while the server is stopped",
  usage: "[--data-dir DIR] [--credentials-file FILE] [OPTION]...",
  options: serverCommand.options,
  notes: [
    "It needs the data directory and its seal. The old credentials stop working. The new ones are shown once.",
    "With the shamir seal it reads shares from standard input, one a line.",
  ],
  parsesItself: true,
  async run({ args, environment, homeDirectory, workingDirectory }) {
    const settings = loadSettings({ args, environment, homeDirectory, workingDirectory });
    const { renewRoot } = await import("@coffer/server");
    using shares = readSharesFromInput();
    const { accessKeyId, secretAccessKey, token } = await renewRoot(settings, shares);
    const rows: [string, string][] = [
      ["access key id", accessKeyId],
      ["secret access key", secretAccessKey],
      ["token", token],
    ];
    for (const line of twoColumns(rows, "")) print(line);
    return 0;
  },
};
