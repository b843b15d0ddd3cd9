import { OperatorError } from "@coffer/server/config";
import { type ClientAnswer, describeRefusal, endpointOptions, isRecord, openClient } from "../client.ts";
import { type Command, type Invocation, isOn, jsonOption } from "../command.ts";
import { print, printable, styled, twoColumns } from "../terminal.ts";

/** `coffer status`: `GET /health`, for people and scripts. */
export const statusCommand: Command = {
  name: "status",
  summary: "Ask a server whether it is well",
  usage: "[--endpoint URL] [--json]",
  options: [...endpointOptions, jsonOption],
  notes: ["Exit code: 0 when the server is well, 1 when it is not or does not answer."],
  run: runStatus,
};

async function runStatus(invocation: Invocation): Promise<number> {
  const client = openClient(invocation, { token: false });
  const json = isOn(invocation, "json");
  let answer: ClientAnswer;
  try {
    answer = await client.get("/health");
  } catch (error) {
    if (!json || !(error instanceof OperatorError)) throw error;
    print(JSON.stringify({ endpoint: client.endpoint, healthy: false, error: error.message }));
    return 1;
  }
  const healthy = answer.status === 200;
  if (json) {
    print(JSON.stringify({ endpoint: client.endpoint, healthy, status: answer.status, health: answer.json ?? null }));
    return healthy ? 0 : 1;
  }
  const verdict = healthy ? styled("green", "healthy") : styled("red", "unhealthy");
  const facts = isRecord(answer.json) ? flatten(answer.json, "") : [];
  for (const line of twoColumns([["endpoint", client.endpoint], ["server", verdict], ...facts], "")) print(line);
  if (healthy) return 0;
  throw new OperatorError(adviceFor(client.endpoint, answer));
}

function adviceFor(endpoint: string, answer: ClientAnswer): string {
  if (answer.status === 404) {
    return `${endpoint} has no /health: it is not a Coffer server, or the endpoint lacks a part of its path.`;
  }
  const seal = isRecord(answer.json) ? answer.json["seal"] : undefined;
  if (isRecord(seal) && seal["sealed"] === true) {
    return seal["initialized"] === true
      ? "the server is sealed: 'coffer operator unseal' opens it with shares."
      : "the server is not initialized: run 'coffer operator init'.";
  }
  return `the server is not well (${printable(describeRefusal(answer))}): see what it says on stderr.`;
}

/** The values of a health answer as rows, nested names joined with dots. */
function flatten(record: Readonly<Record<string, unknown>>, prefix: string): (readonly [string, string])[] {
  return Object.entries(record).flatMap(([name, value]) => {
    const label = printable(prefix + name);
    if (isRecord(value)) return flatten(value, `${prefix}${name}.`);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return [[label, printable(text)] as const];
  });
}
