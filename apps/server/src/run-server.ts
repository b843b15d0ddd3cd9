import type { ComposedServer } from "./compose.ts";
import type { Settings } from "./config/build-settings.ts";
import { describeFailure } from "./describe-failure.ts";
import { devGuard } from "./http/dev-guard.ts";
import { type Listeners, startListeners } from "./http/listeners.ts";
import { createLog, type Log } from "./log.ts";
import { listenForSignals } from "./stop-signal.ts";

/**
 * Opens what serves requests.
 *
 * @throws OperatorError, or any error with a message of one line, when it cannot be opened
 */
export type ComposeServer = (settings: Settings) => Promise<ComposedServer>;

/**
 * Runs a server until SIGTERM or SIGINT: composes it, listens, prints `listening on URL` a listener and then what it
 * announces to stdout. On the signal it stops accepting, lets requests under way finish (`limits.drainTimeoutMs`) and
 * closes. A second signal ends the process at once with exit code 1. On SIGHUP it opens anew what a log rotation moved.
 *
 * @returns the exit code
 * @throws OperatorError, or what `compose` throws, when it cannot start; nothing is left open then
 */
export async function runServer(settings: Settings, compose: ComposeServer): Promise<number> {
  const log = createLog(settings.logLevel, (text) => process.stderr.write(text));
  // Nobody may be reading any more; the server goes on.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  using stop = listenForSignals(log);

  const composed = await compose(settings);
  // Before anything is announced: unheard, the signal ends the process.
  const reopen = () => composed.reopenFiles();
  process.on("SIGHUP", reopen);
  let listeners: Listeners | undefined;
  try {
    listeners = await startListeners(listenersOptions(settings, composed, log));
    await announce(composed, listeners);
  } catch (error) {
    await listeners?.drain(0);
    process.off("SIGHUP", reopen);
    await composed.close();
    throw error;
  }

  const signal = await stop.signalled;
  process.off("SIGHUP", reopen);
  const drained = listeners.drain(settings.limits.drainTimeoutMs);
  log.info(`stopping after ${signal}, no longer listening; a second signal stops at once.`);
  const cut = await drained;
  if (cut > 0) log.error(`${cut} connections were cut: their requests took longer than limits.drainTimeoutMs.`);
  try {
    await composed.close();
  } catch (error) {
    log.error(`closing failed: ${describeFailure(error).line}`);
    return 1;
  }
  log.info("stopped.");
  return 0;
}

/** A function of its own: what is announced holds credentials, which must not live as long as the server. */
async function announce(composed: ComposedServer, { urls }: Listeners): Promise<void> {
  const announcement = await composed.announce(urls);
  const ended = announcement === "" || announcement.endsWith("\n") ? announcement : `${announcement}\n`;
  const text = urls.map((url) => `listening on ${url}\n`).join("") + ended;
  if (await printed(text)) await composed.announced();
}

/** Whether a text reached whoever reads the output; one that nobody reads any more takes nothing. */
function printed(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(error == null));
  });
}

function listenersOptions(
  settings: Settings,
  composed: ComposedServer,
  log: Log,
): Parameters<typeof startListeners>[0] {
  const { describeAdapterError } = composed;
  return {
    handler: settings.dev ? devGuard(composed.handler, describeAdapterError) : composed.handler,
    describeAdapterError,
    limits: settings.limits,
    listen: settings.listen,
    tls: settings.tls,
    requestClientCertificates: settings.requestClientCertificates,
    onUnexpectedError: (error, requestId) => {
      log.error(`unexpected error in request ${requestId}: ${describeFailure(error).line}`);
      if (error instanceof Error) log.debug(error.stack ?? "");
    },
  };
}
