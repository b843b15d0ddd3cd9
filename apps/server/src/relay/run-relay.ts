import type { ListenAddress } from "../config/listen-address.ts";
import { describeFailure } from "../describe-failure.ts";
import { describeAsProblem } from "../http/adapter-errors.ts";
import { defaultLimits } from "../http/limits.ts";
import { type Listeners, startListeners } from "../http/listeners.ts";
import { createLog } from "../log.ts";
import { listenForSignals } from "../stop-signal.ts";
import { openRelayInstance, type RelayInstanceOptions } from "./open-relay-instance.ts";
import { type PageFiles, relayHandler } from "./relay-handler.ts";
import { RelaySockets } from "./relay-sockets.ts";

/** How a relay is run. */
export interface RunRelayOptions extends Omit<RelayInstanceOptions, "onFault"> {
  readonly listen: readonly ListenAddress[];
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Origins of pages elsewhere that may call it. */
  readonly origins: ReadonlySet<string>;
  readonly page: PageFiles;
}

/** A relay that listens. */
export interface RunningRelay {
  readonly urls: readonly string[];
  /** Lets requests under way finish, and closes. */
  stop(): Promise<void>;
}

const maxBodyBytes = 100 << 20;
const requestTimeoutMs = 120_000;
const drainMs = 10_000;
const sweepMs = 15 * 60_000;

/**
 * Opens a relay and its listeners.
 *
 * @throws OperatorError; nothing is left open then
 */
export async function startRelay(options: RunRelayOptions): Promise<RunningRelay> {
  const log = createLog("info", (text) => process.stderr.write(text));
  const onFault = (requestId: string, cause: unknown) =>
    log.error(`unexpected error in request ${requestId}: ${describeFailure(cause).line}`);
  const relay = await openRelayInstance({ ...options, onFault });
  const sockets = new RelaySockets(relay, options.origins);
  let listeners: Listeners;
  try {
    listeners = await startListeners({
      handler: relayHandler(relay, options.origins, options.page),
      describeAdapterError: describeAsProblem,
      limits: { ...defaultLimits, maxBodyBytes, requestTimeoutMs },
      listen: options.listen,
      tls: options.tls,
      onUnexpectedError: (error, requestId) => onFault(requestId, error),
      onUpgrade: (request, socket, head) => sockets.upgrade(request, socket, head),
    });
  } catch (error) {
    sockets.close();
    await relay.close();
    throw error;
  }
  const sweeps = setInterval(() => void relay.sweep().catch((cause: unknown) => onFault("sweep", cause)), sweepMs);
  return {
    urls: listeners.urls,
    async stop() {
      clearInterval(sweeps);
      const drained = listeners.drain(drainMs);
      sockets.close();
      await drained;
      await relay.close();
    },
  };
}

/**
 * Runs a relay until SIGTERM or SIGINT. Prints `listening on URL` a listener, then what `announce` says.
 *
 * @returns the exit code
 * @throws OperatorError
 */
export async function runRelay(
  options: RunRelayOptions,
  announce: (urls: readonly string[]) => string,
): Promise<number> {
  const log = createLog("info", (text) => process.stderr.write(text));
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  using stop = listenForSignals(log);
  const running = await startRelay(options);
  process.stdout.write(`${running.urls.map((url) => `listening on ${url}\n`).join("")}${announce(running.urls)}`);
  const signal = await stop.signalled;
  log.info(`stopping after ${signal}, no longer listening; a second signal stops at once.`);
  await running.stop();
  log.info("stopped.");
  return 0;
}
