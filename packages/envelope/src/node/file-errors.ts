import { EnvelopeError } from "../errors.ts";

/** What an operating system's error means, by its code. */
const meanings: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EDQUOT", "the disk quota is used up"],
  ["EFBIG", "it would get larger than files may be here"],
  ["EIO", "the device failed"],
  ["ENAMETOOLONG", "the name is too long"],
  ["ENOENT", "there is no such file or directory"],
  ["ENOSPC", "no space is left on its file system"],
  ["ENOTDIR", "a part of its path is no directory"],
  ["EPERM", "the operation is not permitted"],
  ["EROFS", "its file system is read-only"],
]);

/** The code of an operating system's error. @returns undefined when it is none */
export function systemCodeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && "syscall" in (error as Error) ? code : undefined;
}

/** A file is not what it must be. @param what continues "PATH: ..." */
export function fileRefused(file: string, what: string, systemCode?: string): EnvelopeError {
  return new EnvelopeError("FileRefused", `${file}: ${what}.`, { file, systemCode });
}

/** Runs something of the operating system's on a file, and names the file when it fails. @throws EnvelopeError FileFailed */
export async function onFile<T>(file: string, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw systemCodeOf(error) === undefined ? error : fileFailed(file, error);
  }
}

/** The operating system refused to read or write a file. */
export function fileFailed(file: string, cause: unknown): EnvelopeError {
  const systemCode = systemCodeOf(cause);
  const meaning = meanings.get(systemCode ?? "") ?? "it cannot be read or written";
  const code = systemCode === undefined ? "" : ` (${systemCode})`;
  return new EnvelopeError("FileFailed", `${file}: ${meaning}${code}.`, { file, systemCode, cause });
}

/** An error of what a file holds, with the file's name and the place in it. Errors of the caller's own stay as they are. */
export function inFile(error: unknown, file: string | undefined): unknown {
  if (
    !(error instanceof EnvelopeError) ||
    file === undefined ||
    error.file !== undefined ||
    error.code === "InvalidInput"
  )
    return error;
  const { code, message, offset, problems, serviceCode, status, requestId, systemCode } = error;
  const place = offset === undefined || message.includes(`(at byte ${offset})`) ? "" : ` (at byte ${offset})`;
  const text = `${file}: ${place === "" ? message : `${message.replace(/\.$/, "")}${place}.`}`;
  return new EnvelopeError(code, text, {
    offset,
    problems,
    serviceCode,
    status,
    requestId,
    systemCode,
    file,
    cause: error,
  });
}
