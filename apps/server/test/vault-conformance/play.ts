import { normalise } from "./normalise.ts";
import type { Json, Scenario, Step } from "./scenario.ts";

/** An answer, normalised. */
export interface Answer {
  /** 0 when the connection was closed without an answer. */
  readonly status: number;
  /** Left out when it is empty. */
  readonly body?: Json;
}

/** Where to play: a server that answers below `/v1/`, and its root token. */
export interface Stage {
  readonly address: string;
  readonly token: string;
}

/** Sends the requests of a scenario one after another. @returns the answers, one each */
export async function play(scenario: Scenario, stage: Stage): Promise<Answer[]> {
  const kept = new Map<string, string>([["root", stage.token]]);
  const answers: Answer[] = [];
  for (const step of scenario.steps) answers.push(await playStep(step, stage, kept));
  return answers;
}

async function playStep(step: Step, { address, token }: Stage, kept: Map<string, string>): Promise<Answer> {
  const [method, path] = fill(step.request, kept).split(" ") as [string, string];
  const sent = step.token === undefined ? token : step.token;
  const body = step.text ?? (step.body === undefined ? undefined : fill(JSON.stringify(step.body), kept));
  const response = await fetch(`${address}/v1/${path}`, {
    method,
    redirect: "manual",
    headers: {
      ...(sent === null ? {} : { "X-Vault-Token": fill(sent, kept) }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...Object.fromEntries(Object.entries(step.headers ?? {}).map(([name, value]) => [name, fill(value, kept)])),
    },
    ...(body === undefined ? {} : { body }),
  }).catch((error) => {
    if (error instanceof TypeError && (error.cause as { code?: string }).code === "UND_ERR_SOCKET") return undefined;
    throw error;
  });
  if (response === undefined) return { status: 0 };
  const text = await response.text();
  if (text === "") return { status: response.status };
  const answer = parse(text);
  for (const [name, place] of Object.entries(step.keep ?? {})) {
    const value = valueAt(answer, place);
    if (value === undefined) throw new Error(`${step.request}: nothing at ${place} in ${text}`);
    kept.set(name, String(value));
  }
  const whole = normalise(answer, step.random);
  const wanted = step.only?.map((place): [string, Json | undefined] => [place, valueAt(whole, place)]);
  if (wanted === undefined || (wanted.length > 0 && valueAt(whole, "errors") !== undefined))
    return { status: response.status, body: whole };
  const found = wanted.filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return { status: response.status, body: Object.fromEntries(found) };
}

function fill(text: string, kept: ReadonlyMap<string, string>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = kept.get(name);
    if (value === undefined) throw new Error(`nothing is kept as ${name}`);
    return value;
  });
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** What is at a path of names joined by dots. */
export function valueAt(value: Json, path: string): Json | undefined {
  let found: Json | undefined = value;
  for (const name of path.split(".")) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as { readonly [name: string]: Json })[name];
  }
  return found;
}
