import { loadSettings, OperatorError, parseFlags } from "@coffer/server/config";
import type { Command, OptionRow } from "../command.ts";
import { readSharesFromInput } from "../read-shares.ts";
import { print, twoColumns } from "../terminal.ts";
import { serverCommand } from "./server.ts";

const quorumOptions: readonly OptionRow[] = [
  { name: "shares", placeholder: "N", doc: "With --seal shamir: shares to make. Default: 5." },
  { name: "threshold", placeholder: "N", doc: "With --seal shamir: shares that open the seal. Default: 3." },
];

/** `coffer admin reseal`: works on the data directory, without a server. */
export const resealCommand: Command = {
  name: "admin reseal",
  summary: "Give a data directory another seal, with its shares, while the server is stopped",
  usage: "--seal KIND [--data-dir DIR] [OPTION]...",
  options: [...quorumOptions, ...serverCommand.options],
  notes: [
    "The options say what the seal is to be. Shares are read from standard input, one a line: those of the shamir seal, or",
    "the recovery shares of another (coffer operator recovery-shares). So a lost key file or passphrase is replaced.",
    "Example: coffer admin reseal --seal keyfile --seal-key-file /media/stick/coffer/keyfile",
  ],
  parsesItself: true,
  async run({ args, environment, homeDirectory, workingDirectory }) {
    const own = new Map(quorumOptions.map((option) => [option.name, option]));
    const { mine, others } = split(args, own);
    const { flags } = parseFlags(mine, own);
    const count = (name: string, otherwise: string) => parseCount(name, flags.get(name)?.[0] ?? otherwise);
    const quorum = { shares: count("shares", "5"), threshold: count("threshold", "3") };
    const settings = loadSettings({ args: others, environment, homeDirectory, workingDirectory });
    const { reseal } = await import("@coffer/server");
    using shares = readSharesFromInput();
    const made = await reseal(settings, { shares, quorum });
    for (const line of twoColumns(
      made.map((share, index) => [`share ${index + 1}`, share] as const),
      "",
    ))
      print(line);
    print("resealed");
    return 0;
  },
};

/** Arguments of the quorum, with their values, and those of the server. */
function split(args: readonly string[], own: ReadonlyMap<string, OptionRow>) {
  const mine: string[] = [];
  const others: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index]!;
    const name = /^--([a-z-]+)(?:=|$)/.exec(arg)?.[1] ?? "";
    const target = own.has(name) ? mine : others;
    target.push(arg);
    const next = args[index + 1];
    if (own.has(name) && !arg.includes("=") && next !== undefined) {
      mine.push(next);
      index += 1;
    }
  }
  return { mine, others };
}

function parseCount(name: string, text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new OperatorError(`--${name} is a number from 1 to 255.`, 2);
  return Number(text);
}
