import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { Clock, ExternalKeys } from "@coffer/service";
import { createXksClient } from "@coffer/xks";
import type { Settings } from "./config/index.ts";
import { OperatorError } from "./operator-error.ts";

/**
 * Opens the client of external key store proxies. Nothing is connected yet.
 *
 * @throws OperatorError for a file that cannot be read or is no PEM of its kind
 */
export function openExternalKeys({ rootsFile, client, timeoutMs }: Settings["xks"], clock: Clock): ExternalKeys {
  const roots = rootsFile === undefined ? undefined : readPem(rootsFile, "roots of external key store proxies");
  const what = "certificate and key for external key store proxies";
  const clientCertificate =
    client === undefined ? undefined : { cert: readPem(client.certFile, what), key: readPem(client.keyFile, what) };
  try {
    // As the first connection would, which comes long after the start.
    createSecureContext({ ...(roots === undefined ? {} : { ca: roots }), ...clientCertificate });
  } catch (error) {
    throw new OperatorError(`the ${what}, or its roots, cannot be used: ${(error as Error).message}`, 1, {
      cause: error,
    });
  }
  return createXksClient({ clock, timeoutMs, roots, clientCertificate });
}

function readPem(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(`cannot read the ${what} in ${file}: ${code}.`, 1, { cause: error });
  }
}
