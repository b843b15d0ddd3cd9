import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Answer } from "./play.ts";
import type { Area } from "./scenario.ts";

/** What a real server answered to the scenarios of an area. */
export interface Recording {
  /** Name and version of the server. */
  readonly server: string;
  /** The day, as YYYY-MM-DD. */
  readonly recorded: string;
  /** By the scenario's name; an answer for each step. */
  readonly answers: Readonly<Record<string, readonly Answer[]>>;
}

/** The file of an area's recording. */
export function recordingPath(area: Area): string {
  return join(import.meta.dirname, "../../../../vectors/openbao/answers", `${area.name}.json`);
}

/** Reads it. */
export function readRecording(area: Area): Recording {
  return JSON.parse(readFileSync(recordingPath(area), "utf8")) as Recording;
}
