import type { Keyring } from "@coffer/envelope";

/** The signals that ask a command to stop, and the exit code that a shell expects then. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;

/** A command was asked to stop. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly exitCode: number;

  constructor(signal: keyof typeof exitCodes) {
    super(`interrupted by ${signal}`);
    this.exitCode = exitCodes[signal];
  }
}

/** Runs something that a signal ends: it is told by `AbortSignal`, and clears up. */
export async function withInterrupts<Result>(run: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const handlers = (Object.keys(exitCodes) as (keyof typeof exitCodes)[]).map(
    (name) => [name, () => controller.abort(new Interrupted(name))] as const,
  );
  for (const [name, handler] of handlers) process.once(name, handler);
  // What goes over `ulimit -f` is an error of the write then, and not the end of the process.
  const overLimit = () => undefined;
  process.on("SIGXFSZ", overLimit);
  try {
    return await run(controller.signal);
  } finally {
    for (const [name, handler] of handlers) process.off(name, handler);
    process.off("SIGXFSZ", overLimit);
  }
}

/** Runs a command to its exit code, which tells a shell of a signal. */
export async function endOnInterrupt(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    process.stderr.write(`coffer: ${error.message}: nothing half done is left; run it again to go on.\n`);
    return error.exitCode;
  }
}

/** A keyring that nobody has to wait for after a signal. */
export function interruptible(keyring: Keyring, signal: AbortSignal): Keyring {
  return {
    generateDataKey: (request) => untilAborted(keyring.generateDataKey(request), signal),
    wrapDataKey: (dataKey, request) => untilAborted(keyring.wrapDataKey(dataKey, request), signal),
    unwrapDataKey: (keys, request) => untilAborted(keyring.unwrapDataKey(keys, request), signal),
  };
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", abort));
}
