import { setTimeout as wait } from "node:timers/promises";
import { OperatorError } from "@coffer/server/config";
import { type Client, clientOptions, describeRefusal, isRecord, openClient } from "../client.ts";
import { type Command, flagText, type Invocation, isOn } from "../command.ts";
import { print, printable } from "../terminal.ts";

const defaultLines = 20;
const pageLimit = 500;
const pollMs = 1000;

/** `coffer audit tail`: the newest audit records of a server. */
export const auditTailCommand: Command = {
  name: "audit tail",
  summary: "Show a server's newest audit records",
  usage: "[--lines N | --after SEQUENCE] [--follow] [--json] [--endpoint URL]",
  options: [
    { name: "lines", placeholder: "N", short: "n", doc: `How many of the newest records. Default: ${defaultLines}.` },
    { name: "after", placeholder: "SEQUENCE", doc: "Every record after this one instead." },
    { name: "follow", short: "f", doc: "Go on with new records as they are written." },
    { name: "json", doc: "Print each record as the server keeps it, one JSON a line." },
    ...clientOptions,
  ],
  notes: ["Reading is recorded too; with --follow the records of this command's own reads are left out."],
  run: runTail,
};

async function runTail(invocation: Invocation): Promise<number> {
  const lines = parseCount(invocation, "lines", defaultLines);
  const after = parseCount(invocation, "after", undefined);
  if (after !== undefined && flagText(invocation, "lines") !== undefined) {
    throw new OperatorError("give --lines or --after, not both.", 2);
  }
  const show = isOn(invocation, "json") ? printJson : printLine;
  const reader = new EventReader(openClient(invocation, { token: true }));
  const newest = await reader.newest();
  let position = after ?? Math.max(0, newest - (lines ?? defaultLines));
  while (position < newest) {
    const events = (await reader.page(position)).slice(0, newest - position);
    if (events.length === 0) break;
    for (const event of events) show(event);
    position += events.length;
  }
  while (isOn(invocation, "follow")) {
    const events = await reader.page(position);
    const others = events.filter((event) => !reader.isOwn(event));
    for (const event of others) show(event);
    position += events.length;
    if (others.length === 0) await wait(pollMs);
  }
  return 0;
}

function parseCount(invocation: Invocation, name: string, missing: number | undefined): number | undefined {
  const text = flagText(invocation, name);
  if (text === undefined) return missing;
  if (!/^\d{1,15}$/.test(text)) throw new OperatorError(`--${name} is a whole number, not "${text}".`, 2);
  return Number(text);
}

type AuditRecord = Readonly<Record<string, unknown>>;

/** Reads `GET /audit/events`, whose records are numbered without gaps. */
class EventReader {
  readonly #client: Client;
  readonly #ownRequestIds = new Set<string>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** The number of the newest record. */
  async newest(): Promise<number> {
    const { last } = await this.#get(0, 1);
    return last;
  }

  async page(after: number): Promise<readonly AuditRecord[]> {
    return (await this.#get(after, pageLimit)).events;
  }

  /** Whether a record is that of a read of this reader. Each is asked about once. */
  isOwn(event: AuditRecord): boolean {
    const id = event["requestID"];
    return typeof id === "string" && this.#ownRequestIds.delete(id);
  }

  async #get(after: number, limit: number): Promise<{ events: readonly AuditRecord[]; last: number }> {
    const answer = await this.#client.get(`/audit/events?after=${after}&limit=${limit}`);
    if (answer.status !== 200) {
      throw new OperatorError(`the server does not show its audit trail: ${printable(describeRefusal(answer))}`);
    }
    const id = answer.header("x-request-id");
    if (id !== undefined) this.#ownRequestIds.add(id);
    const { json } = answer;
    if (isRecord(json) && Array.isArray(json["events"]) && typeof json["last"] === "number") {
      return { events: json["events"].filter(isRecord), last: json["last"] };
    }
    throw new OperatorError(`${this.#client.endpoint} answers something else than audit records.`);
  }
}

function printJson(event: AuditRecord): void {
  print(JSON.stringify(event));
}

/** Time, outcome, operation, who, on what. */
function printLine(event: AuditRecord): void {
  const identity = event["userIdentity"];
  const resources = event["resources"];
  const resource = Array.isArray(resources) && isRecord(resources[0]) ? resources[0]["ARN"] : undefined;
  const columns = [
    event["eventTime"],
    event["eventName"],
    event["errorCode"] ?? "ok",
    isRecord(identity) ? (identity["arn"] ?? identity["type"]) : undefined,
    resource,
  ];
  print(columns.map((value) => (typeof value === "string" ? printable(value) : "-")).join("  "));
}
