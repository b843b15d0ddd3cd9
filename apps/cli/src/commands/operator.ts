import { OperatorError } from "@coffer/server/config";
import {
  type Client,
  type ClientAnswer,
  clientOptions,
  describeRefusal,
  endpointOptions,
  isRecord,
  openClient,
} from "../client.ts";
import { type Command, flagText, type Invocation, isOn, jsonOption, type OptionRow } from "../command.ts";
import { readSharesFromInput } from "../read-shares.ts";
import { print, printable, twoColumns } from "../terminal.ts";

const defaultShares = "5";
const defaultThreshold = "3";

const quorumOptions: readonly OptionRow[] = [
  { name: "shares", placeholder: "N", doc: `Shares to make. Default: ${defaultShares}.` },
  { name: "threshold", placeholder: "N", doc: `How many of them it takes. Default: ${defaultThreshold}.` },
];

/** `coffer operator init`: Vault's sys/init. */
const initCommand: Command = {
  name: "operator init",
  summary: "Initialize a server with the shamir seal: makes its shares and the account root, shown once",
  usage: "[--shares N] [--threshold N] [--endpoint URL] [--json]",
  options: [...quorumOptions, ...endpointOptions, jsonOption],
  notes: [
    "Give each share to another person. Nobody can make them again, and without enough of them no key is readable.",
  ],
  async run(invocation) {
    const client = openClient(invocation, { token: false });
    const made = accepted(await client.send("PUT", "/v1/sys/init", quorumOf(invocation)));
    if (isOn(invocation, "json")) {
      print(JSON.stringify(made));
      return 0;
    }
    const rows = shareRows(made);
    for (const [name, member] of [
      ["token", "root_token"],
      ["access key id", "access_key_id"],
      ["secret access key", "secret_access_key"],
    ] as const) {
      rows.push([name, String(made[member])]);
    }
    for (const line of twoColumns(rows, "")) print(line);
    return 0;
  },
};

/** `coffer operator unseal`: Vault's sys/unseal, share by share. */
const unsealCommand: Command = {
  name: "operator unseal",
  summary: "Open the seal of a server with shares, read from standard input",
  usage: "[--endpoint URL] [--reset] [--json]",
  options: [
    { name: "reset", doc: "Forget the shares that were given so far, and read none." },
    ...endpointOptions,
    jsonOption,
  ],
  notes: [
    "It reads one share a line until the seal is open or there are no more; several people may each run it with theirs.",
  ],
  run: unseal,
};

async function unseal(invocation: Invocation): Promise<number> {
  const client = openClient(invocation, { token: false });
  let status = accepted(await client.get("/v1/sys/seal-status"));
  if (isOn(invocation, "reset")) {
    status = accepted(await client.send("PUT", "/v1/sys/unseal", { reset: true }));
    return tellStatus(status, invocation);
  }
  if (status["initialized"] === false) {
    throw new OperatorError("the server is not initialized: run 'coffer operator init' first.");
  }
  using shares = readSharesFromInput();
  if (status["sealed"] === true) shares.wanted({ threshold: Number(status["t"]), shares: Number(status["n"]) });
  while (status["sealed"] === true) {
    const key = await shares.next();
    if (key === undefined) break;
    status = accepted(await client.send("PUT", "/v1/sys/unseal", { key }));
    if (!isOn(invocation, "json") && status["sealed"] === true) {
      print(`${String(status["progress"])} of ${String(status["t"])} shares`);
    }
  }
  return tellStatus(status, invocation);
}

/** `coffer operator recovery-shares`: OpenBao's sys/rotate/recovery. */
const recoveryCommand: Command = {
  name: "operator recovery-shares",
  summary: "Make recovery shares for a seal that opens by itself, shown once; they open the root key",
  usage: "[--shares N] [--threshold N] [--endpoint URL]",
  options: [...quorumOptions, ...clientOptions],
  notes: [
    "Where there are some already, a threshold of those is read from standard input, one a line, and opens nothing any more.",
    "With them 'coffer admin reseal' replaces a lost key file or passphrase, and 'coffer operator unseal' opens a sealed server.",
  ],
  async run(invocation) {
    const client = openClient(invocation, { token: true });
    const path = "/v1/sys/rotate/recovery";
    let status = dataOf(await client.send("PUT", `${path}/init`, quorumOf(invocation)));
    using shares = readSharesFromInput();
    if (status["keys"] === undefined) {
      shares.wanted({ threshold: Number(status["required"]), shares: Number(status["required"]) });
    }
    while (status["keys"] === undefined) {
      const key = await shares.next();
      if (key === undefined) {
        await client.send("DELETE", `${path}/init`);
        throw new OperatorError("too few shares were given: nothing was changed.");
      }
      status = dataOf(await client.send("PUT", `${path}/update`, { key, nonce: status["nonce"] }));
    }
    for (const line of twoColumns(shareRows(status), "")) print(line);
    return 0;
  },
};

/** `coffer operator seal`: Vault's sys/seal. */
const sealCommand: Command = {
  name: "operator seal",
  summary: "Seal a server: its keys leave memory, and it refuses everything until it is opened again",
  usage: "[--endpoint URL]",
  options: clientOptions,
  async run(invocation) {
    accepted(await openClient(invocation, { token: true }).send("PUT", "/v1/sys/seal"));
    print("sealed");
    return 0;
  },
};

/** `coffer operator status`: Vault's sys/seal-status. */
const statusCommand: Command = {
  name: "operator status",
  summary: "Show how far the seal of a server is open",
  usage: "[--endpoint URL] [--json]",
  options: [...endpointOptions, jsonOption],
  notes: ["Exit code: 0 when it is open, 1 when it is sealed."],
  async run(invocation) {
    const client: Client = openClient(invocation, { token: false });
    return tellStatus(accepted(await client.get("/v1/sys/seal-status")), invocation);
  },
};

/** What people with a share, and whoever may seal, do with a server. */
export const operatorCommands: readonly Command[] = [
  initCommand,
  unsealCommand,
  statusCommand,
  recoveryCommand,
  sealCommand,
];

/** The `data` of an envelope. */
function dataOf(answer: ClientAnswer): Readonly<Record<string, unknown>> {
  const { data } = accepted(answer);
  return isRecord(data) ? data : {};
}

function quorumOf(invocation: Invocation): object {
  return {
    secret_shares: flagText(invocation, "shares") ?? defaultShares,
    secret_threshold: flagText(invocation, "threshold") ?? defaultThreshold,
  };
}

function shareRows(made: Readonly<Record<string, unknown>>): [string, string][] {
  const shares = Array.isArray(made["keys_base64"]) ? made["keys_base64"] : [];
  return shares.map((share, index) => [`share ${index + 1}`, String(share)]);
}

function accepted(answer: ClientAnswer): Readonly<Record<string, unknown>> {
  if (answer.status >= 300) throw new OperatorError(`the server refused: ${printable(describeRefusal(answer))}.`);
  return isRecord(answer.json) ? answer.json : {};
}

function tellStatus(status: Readonly<Record<string, unknown>>, invocation: Invocation): number {
  const sealed = status["sealed"] === true;
  if (isOn(invocation, "json")) print(JSON.stringify(status));
  else {
    const rows = ["type", "initialized", "sealed", "t", "n", "progress", "version"].map((name): [string, string] => [
      name,
      printable(String(status[name])),
    ]);
    for (const line of twoColumns(rows, "")) print(line);
  }
  return sealed ? 1 : 0;
}
