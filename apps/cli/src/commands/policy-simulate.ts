import { OperatorError } from "@coffer/server/config";
import { clientOptions, describeRefusal, isRecord, openClient } from "../client.ts";
import { type Command, flagText, type Invocation, isOn, jsonOption } from "../command.ts";
import { print, printable } from "../terminal.ts";
import { tellDecision } from "./tell-decision.ts";

/** `coffer policy simulate`: what the policies would decide now. */
export const policySimulateCommand: Command = {
  name: "policy simulate",
  summary: "Ask beforehand whether a request would be allowed, and why",
  usage: "--principal ARN --action ACTION [--key KEY] [--context K=V]... [--condition KEY=VALUE]... [--json]",
  options: [
    {
      name: "principal",
      placeholder: "ARN",
      doc: "Who would ask: user/NAME, role/NAME, root, an ARN, or a service such as s3.amazonaws.com.",
    },
    { name: "action", placeholder: "ACTION", doc: "What, such as kms:Decrypt." },
    { name: "key", placeholder: "KEY", doc: "On which key: its name, id or ARN; none for actions without a key." },
    { name: "context", placeholder: "K=V", many: true, doc: "A pair of the encryption context." },
    {
      name: "condition",
      placeholder: "KEY=VALUE",
      many: true,
      doc: "A value of a condition key, such as aws:SourceIp=203.0.113.7; more values, more options.",
    },
    jsonOption,
    ...clientOptions,
  ],
  notes: [
    "Nothing is done but an audit record. What only a real request has (its address, say) is absent unless it is given.",
    "Exit code: 0 when it would be allowed, 1 when it would not.",
  ],
  run: runSimulate,
};

async function runSimulate(invocation: Invocation): Promise<number> {
  const body = {
    principal: neededText(invocation, "principal", "ARN"),
    action: neededText(invocation, "action", "ACTION"),
    key_id: flagText(invocation, "key"),
    context: Object.fromEntries(pairs(invocation, "context")),
    conditions: pairs(invocation, "condition").map(([key, value]) => ({ key, value })),
  };
  const answer = await openClient(invocation, { token: true }).send("POST", "/admin/simulate", body);
  const { json } = answer;
  if (answer.status !== 200 || !isRecord(json)) throw new OperatorError(printable(describeRefusal(answer)));
  const allowed = json["allowed"] === true;
  if (isOn(invocation, "json")) {
    print(JSON.stringify(json));
    return allowed ? 0 : 1;
  }
  for (const line of tellDecision(json)) print(line);
  const similar = json["similar_actions"];
  if (Array.isArray(similar)) {
    const meant = similar.length === 0 ? "" : ` Did you mean ${similar.join(", ")}?`;
    print(printable(`  AWS KMS has no action ${body.action}: policies may name it, but nothing asks for it.${meant}`));
  }
  const absent = json["absent_condition_keys"];
  if (Array.isArray(absent) && absent.length > 0) {
    print(`  Condition keys that policies ask for and the request does not have: ${printable(absent.join(", "))}`);
  }
  return allowed ? 0 : 1;
}

function neededText(invocation: Invocation, name: string, placeholder: string): string {
  const text = flagText(invocation, name);
  if (text === undefined) throw new OperatorError(`--${name} ${placeholder} is missing.`, 2);
  return text;
}

/** The first `=` ends the name. */
function pairs(invocation: Invocation, name: string): (readonly [name: string, value: string])[] {
  return (invocation.flags.get(name) ?? []).map((text) => {
    const at = text.indexOf("=");
    if (at < 1) throw new OperatorError(`--${name} ${text} is not of the form NAME=VALUE.`, 2);
    return [text.slice(0, at), text.slice(at + 1)];
  });
}
