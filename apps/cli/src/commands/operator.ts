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
import { type Command, flagText, type Invocation, isOn, jsonOption } from "../command.ts";
import { readSharesFromInput } from "../read-shares.ts";
import { print, printable, twoColumns } from "../terminal.ts";

const defaultShares = "5";
const defaultThreshold = "3";

/** `coffer operator init`: Vault's sys/init. */
const initCommand: Command = {
  name: "operator init",
  summary: "Initialize a server with the shamir seal: makes its shares and the account root, shown once",
  usage: "[--shares N] [--threshold N] [--endpoint URL] [--json]",
  options: [
    { name: "shares", placeholder: "N", doc: `Shares to make. Default: ${defaultShares}.` },
    { name: "threshold", placeholder: "N", doc: `Shares that open the seal. Default: ${defaultThreshold}.` },
    ...endpointOptions,
    jsonOption,
  ],
  notes: [
    "Give each share to another person. Nobody can make them again, and without enough of them no key is readable.",
  ],
  async run(invocation) {
    const answer = await openClient(invocation, { token: false }).send("PUT", "/v1/sys/init", {
      secret_shares: flagText(invocation, "shares") ?? defaultShares,
      secret_threshold: flagText(invocation, "threshold") ?? defaultThreshold,
    });
    const made = accepted(answer);
    if (isOn(invocation, "json")) {
      print(JSON.stringify(made));
      return 0;
    }
    const shares = Array.isArray(made["keys_base64"]) ? made["keys_base64"] : [];
    const rows = shares.map((share, index): [string, string] => [`share ${index + 1}`, String(share)]);
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
export const operatorCommands: readonly Command[] = [initCommand, unsealCommand, sealCommand, statusCommand];

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
