import { OperatorError } from "@coffer/server/config";
import { type Client, clientOptions, describeRefusal, isRecord, openClient } from "../client.ts";
import { type Command, type Invocation, isOn, jsonOption } from "../command.ts";
import { print, printable, showProgress } from "../terminal.ts";
import { tellDecision } from "./tell-decision.ts";
import { tellVaultAcl } from "./tell-vault-acl.ts";

/** `coffer explain`: what was decided on a past request. */
export const explainCommand: Command = {
  name: "explain",
  summary: "Say why a past request was allowed or denied, and the least that would have allowed it",
  usage: "REQUEST_ID [--json]",
  options: [jsonOption, ...clientOptions],
  maxPositionals: 1,
  notes: [
    "REQUEST_ID is what the answer carried: x-amzn-requestid (AWS), request_id (Vault) or X-Request-Id.",
    "It is looked for in the audit trail, the newest records first; what was decided then is told, not what would be now.",
  ],
  run: runExplain,
};

type Json = Readonly<Record<string, unknown>>;

async function runExplain(invocation: Invocation): Promise<number> {
  const [requestId] = invocation.positionals;
  if (requestId === undefined) throw new OperatorError("REQUEST_ID is missing; usage: coffer explain REQUEST_ID", 2);
  const events = await findEvents(openClient(invocation, { token: true }), requestId);
  if (isOn(invocation, "json")) print(JSON.stringify({ events }));
  if (events.length === 0) throw new OperatorError(`no audit record has the request id ${printable(requestId)}.`);
  if (!isOn(invocation, "json")) for (const event of events) tellEvent(event);
  return 0;
}

async function findEvents(client: Client, requestId: string): Promise<readonly Json[]> {
  for (let before: unknown; ; ) {
    const from = before === undefined ? "" : `?before=${before}`;
    const answer = await client.get(`/admin/explain/${encodeURIComponent(requestId)}${from}`);
    const { json } = answer;
    if (answer.status !== 200 || !isRecord(json) || !Array.isArray(json["events"])) {
      throw new OperatorError(printable(describeRefusal(answer)));
    }
    before = json["before"];
    showProgress(before === undefined ? "" : `looking at audit records before ${before}`);
    if (before === undefined) return json["events"].filter(isRecord);
  }
}

function tellEvent(event: Json): void {
  const { eventTime, eventName, wire, principal, sourceIpAddress, errorCode, errorMessage, decisions } = event;
  const who = text(principal ?? "nobody that could be authenticated");
  print(`${text(eventName)} through ${text(wire)} at ${text(eventTime)}, by ${who} from ${text(sourceIpAddress)}`);
  const made = Array.isArray(decisions) ? decisions.filter(isRecord) : [];
  for (const decision of made) for (const line of tellDecision(decision)) print(line);
  const { vaultAcl } = event;
  if (isRecord(vaultAcl)) for (const line of tellVaultAcl(vaultAcl)) print(line);
  else if (made.length === 0) print("  no policy was asked");
  if (errorCode !== undefined) print(`  answered: ${text(errorCode)}: ${text(errorMessage ?? "")}`);
}

function text(value: unknown): string {
  return printable(typeof value === "string" ? value : JSON.stringify(value ?? null));
}
