import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { OperatorError } from "@coffer/server/config";
import type { Invocation, OptionRow } from "../command.ts";

/** One request of the admin API. */
export interface AdminRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** JSON, or the text of a document. */
  readonly body?: unknown;
}

/** One admin command: what it takes and what it sends. */
export interface AdminRow {
  /** Second word of the name. */
  readonly name: string;
  readonly summary: string;
  /** Names of its positional arguments. */
  readonly takes: readonly string[];
  readonly options?: readonly OptionRow[];
  readonly notes?: readonly string[];
  /** What follows the name in the help's example. */
  readonly example: string;
  readonly request: (args: readonly string[], invocation: Invocation) => AdminRequest;
}

export const principalNote = "PRINCIPAL is user/NAME, role/NAME, root, or an ARN.";

export const markerOption: OptionRow = { name: "marker", placeholder: "MARKER", doc: "`next` of the page before." };

/** A text as one segment of a path. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

/** A path with the principal that it is about. */
export function ofPrincipal(path: string, principal: string): string {
  return `${path}?principal=${encodeURIComponent(principal)}`;
}

/** A path with the query parameters that are there. */
export function withQuery(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return given.length === 0 ? path : `${path}?${given.join("&")}`;
}

/** The text of a document's file; `-` is standard input. @throws OperatorError */
export function readDocument(file: string, { workingDirectory }: Invocation): string {
  try {
    return readFileSync(file === "-" ? 0 : resolve(workingDirectory, file), "utf8");
  } catch (error) {
    throw new OperatorError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

/** The JSON of a document's file, to be sent within a body. @throws OperatorError */
export function readJsonDocument(file: string, invocation: Invocation): unknown {
  const text = readDocument(file, invocation);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new OperatorError(
      `${file} is not JSON: write a policy document, {"Version": "2012-10-17", "Statement": [...]}.`,
    );
  }
}
