import { resolve } from "node:path";
import { OperatorError } from "@coffer/server/config";
import { type Command, type Invocation, isOn, jsonOption } from "../command.ts";
import { print, printable, twoColumns } from "../terminal.ts";

/** `coffer inspect`: needs no server and no credentials. */
export const inspectCommand: Command = {
  name: "inspect",
  summary: "Say how a file is encrypted, with which keys and context, without decrypting it",
  usage: "FILE [--json]",
  options: [jsonOption],
  maxPositionals: 1,
  notes: [
    "Needs no server and no credentials. What it says is what the file says: only decrypting shows that it is true.",
    "Exit code: 0, or 1 when the file is none of the formats, or is cut off.",
    "Example: coffer inspect report.pdf.enc",
  ],
  run: runInspect,
};

async function runInspect(invocation: Invocation): Promise<number> {
  const [file] = invocation.positionals;
  if (file === undefined) throw new OperatorError("FILE is missing; usage: coffer inspect FILE", 2);
  const { inspectFile } = await import("../files/inspect-file.ts");
  const { fileProblem } = await import("../files/file-problem.ts");
  try {
    const facts = await inspectFile(resolve(invocation.workingDirectory, file));
    const { renderFacts } = await import("../files/render-facts.ts");
    if (isOn(invocation, "json")) print(JSON.stringify({ file, ...facts }));
    else for (const line of twoColumns([["file", printable(file)], ...renderFacts(facts)], "")) print(line);
    return facts.message !== undefined && facts.message.plaintextBytes === undefined ? 1 : 0;
  } catch (error) {
    throw fileProblem(printable(file), error);
  }
}
