import { randomId } from "@coffer/crypto";
import {
  confirmRootCredential,
  execute,
  type RootCredential,
  renewRootCredential,
  rootPrincipal,
} from "@coffer/service";
import { reportBug, tellOperator, writeCredentials } from "./compose.ts";
import type { Settings } from "./config/index.ts";
import { openInstance } from "./instance.ts";
import { OperatorError } from "./operator-error.ts";
import { systemClock } from "./system-clock.ts";

/**
 * Gives the account root new credentials, on the data directory of a server that is stopped. The old ones stop working.
 *
 * @throws OperatorError, and errors whose messages are for operators, such as when the server runs
 */
export async function renewRoot(settings: Settings): Promise<RootCredential> {
  if (settings.persistent === undefined) {
    throw new OperatorError("dev mode keeps everything in memory: there is nothing to renew.", 2);
  }
  const instance = await openInstance(settings, systemClock, { reportBug, tellOperator });
  try {
    const credential = await execute(instance.core, renewRootCredential, null, {
      requestId: randomId(),
      wire: "rest",
      principal: rootPrincipal(settings.account),
      region: settings.region,
      sourceIp: "127.0.0.1",
      userAgent: "coffer admin root-credential",
      // Nothing is sent: what a policy says of the network does not apply.
      secureTransport: true,
    });
    await confirmRootCredential(instance.core);
    if (settings.credentialsFile !== undefined) {
      await writeCredentials(settings.credentialsFile, settings, [], credential);
    }
    return credential;
  } finally {
    await instance.close();
  }
}
