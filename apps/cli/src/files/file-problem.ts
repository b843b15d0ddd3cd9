import type { EnvelopeError } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import { printable } from "../terminal.ts";

/** Something is wrong with a file; the message says what and what to do, and the command puts the file's name before it. */
export class FileError extends Error {
  override readonly name = "FileError";
}

/** What the system says of files, and what to do. */
const systemProblems: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file or directory"],
  ["EACCES", "permission denied; check the file's mode and who you are"],
  ["EPERM", "the system does not allow it; check who owns the file"],
  ["EISDIR", "it is a directory"],
  ["ENOTDIR", "a part of the path is not a directory"],
  ["EEXIST", "it is there already; --force replaces it"],
  ["EFBIG", "the file is larger than the file system, or ulimit -f, allows"],
  ["EROFS", "the file system is read-only"],
  ["EIO", "the disk could not be read or written; look at the system's log"],
  ["EMFILE", "too many files are open; raise ulimit -n"],
  ["ENAMETOOLONG", "the name is too long for the file system"],
  ["ELOOP", "symbolic links lead in a circle"],
  ["EXDEV", "it is on another file system"],
]);

/** What to do about a code of the library or of the system. The error's own text says the rest. */
const nextSteps: ReadonlyMap<string, string> = new Map([
  ["ServiceUnavailable", "nothing was changed, run it again when the server answers"],
  ["ENOSPC", "nothing was changed, free some space and run it again"],
  ["EDQUOT", "nothing was changed, free some space and run it again"],
]);

/** The library names its own option; the command has one for it. */
const commitmentStep = "for the command line: --commitment optional";

function nextStep(code: string, text: string): string | undefined {
  if (code === "PolicyRefused" && text.includes('commitment: "optional"')) return commitmentStep;
  return nextSteps.get(code);
}

/** Errors of the envelope library, told by their name: the library itself is loaded only by commands that need it. */
function isEnvelopeError(error: unknown): error is EnvelopeError {
  return error instanceof Error && error.name === "EnvelopeError" && "code" in error;
}

/** One line that says what went wrong with something that is named, and what to do. */
export function describeProblem(error: unknown): string {
  if (error instanceof OperatorError || error instanceof FileError) return error.message;
  if (isEnvelopeError(error)) return describeEnvelopeProblem(error);
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : systemProblems.get(code);
  if (known !== undefined) return `${known}.`;
  return printable(error.message);
}

function describeEnvelopeProblem(error: EnvelopeError): string {
  const { code, message, offset, requestId, file, systemCode } = error;
  // The library puts the file's name before; so does the command.
  const text = (
    file !== undefined && message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message
  ).replace(/\.$/, "");
  const said = systemCode === "EEXIST" ? "it is there already; --force replaces it" : text;
  const where = offset === undefined || said.includes("(at byte ") ? "" : ` (at byte ${offset})`;
  const next = nextStep(systemCode ?? code, error.message);
  const ask =
    requestId === undefined || message.includes(requestId) ? "" : ` Request ${requestId}: 'coffer explain' tells why.`;
  return printable(`${said}${where}${next === undefined ? "" : `; ${next}`}.${ask}`);
}

/** The error of a command, of one line that names the file. @throws what is a bug */
export function fileProblem(shownName: string, error: unknown): OperatorError {
  if (error instanceof OperatorError) return error;
  if (!isExpected(error)) throw error;
  const name = isEnvelopeError(error) && error.file !== undefined ? printable(error.file) : shownName;
  const exitCode = isEnvelopeError(error) && error.code === "InvalidInput" ? 2 : 1;
  return new OperatorError(`${name}: ${describeProblem(error)}`, exitCode, { cause: error });
}

/** Whether an error is the system's or the library's own; any other is a bug, which is shown as one. */
export function isExpected(error: unknown): boolean {
  return error instanceof FileError || isEnvelopeError(error) || (error instanceof Error && "syscall" in error);
}
