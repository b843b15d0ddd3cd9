import type { Log } from "./log.ts";

/** The signal that ends a server. */
export interface StopSignal extends Disposable {
  readonly signalled: Promise<NodeJS.Signals>;
}

const stopSignals = ["SIGTERM", "SIGINT"] as const;

/** Listens for SIGTERM and SIGINT; a second one ends the process at once with exit code 1. */
export function listenForSignals(log: Log): StopSignal {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log.error("stopped at once; requests under way were cut.");
      process.exit(1);
    }
    stopping = true;
    resolve(signal);
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
  return {
    signalled: promise,
    [Symbol.dispose]: () => {
      for (const signal of stopSignals) process.off(signal, onSignal);
    },
  };
}
