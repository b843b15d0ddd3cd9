import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** A wrapping key as `python/esdk.py` takes it; bytes in base64. */
export type PythonKey =
  | { readonly type: "aes"; readonly namespace: string; readonly name: string; readonly material: string }
  | {
      readonly type: "rsa";
      readonly namespace: string;
      readonly name: string;
      readonly padding: string;
      readonly half: "public" | "private";
      readonly pem: string;
    }
  | { readonly type: "kms"; readonly arn: string }
  | { readonly type: "kms-discovery" };

interface Common {
  readonly keys: readonly PythonKey[];
  /** With it, the names of the context that messages do not store. */
  readonly required?: readonly string[];
}

/** What the AWS Encryption SDK for Python is to do. */
export type PythonJob =
  | (Common & {
      readonly do: "encrypt";
      /** The algorithm suite's number. */
      readonly suite: number;
      /** 0: without frames. Python writes multiples of 128 alone. */
      readonly frame_bytes: number;
      readonly context: Readonly<Record<string, string>>;
      readonly plaintext: string;
    })
  | (Common & {
      readonly do: "decrypt";
      readonly message: string;
      readonly context?: Readonly<Record<string, string>>;
      /** Refuses suites that do not commit. */
      readonly strict?: boolean;
    });

/** What came of a job. */
export interface PythonOutcome {
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  readonly ok?: any;
  /** The exception's class. */
  readonly error?: string;
  /** What it says; nothing when all went well. */
  readonly message: string;
}

/** Runs jobs in one Python process. */
export function runPythonJobs(
  python: string,
  jobs: readonly PythonJob[],
  environment: Readonly<Record<string, string>> = {},
): readonly PythonOutcome[] {
  const { status, stdout, stderr, error } = spawnSync(python, [join(import.meta.dirname, "python/esdk.py")], {
    input: JSON.stringify(jobs),
    env: { PATH: process.env["PATH"] ?? "", PYTHONDONTWRITEBYTECODE: "1", LANG: "C.UTF-8", ...environment },
    maxBuffer: 256 * 1024 * 1024,
    timeout: 100_000,
    encoding: "utf8",
  });
  if (status !== 0) throw error ?? new Error(stderr);
  const outcomes: readonly Partial<PythonOutcome>[] = JSON.parse(stdout);
  return outcomes.map((outcome) => ({ message: "", ...outcome }));
}
