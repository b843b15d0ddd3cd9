import { randomId } from "@coffer/crypto";
import {
  confirmRootCredential,
  execute,
  Keyring,
  type RootCredential,
  renewRootCredential,
  rootKeySetting,
  rootPrincipal,
} from "@coffer/service";
import { reportBug, tellOperator, writeCredentials } from "./compose.ts";
import type { Settings } from "./config/index.ts";
import { type Foundation, openFoundation } from "./foundation.ts";
import { openInstance } from "./instance.ts";
import { OperatorError } from "./operator-error.ts";
import { openOwnKeyring } from "./own-keyring.ts";
import { openRootWithShares, type ShareSource } from "./shares-by-hand.ts";
import { systemClock } from "./system-clock.ts";

/**
 * Gives the account root new credentials, on the data directory of a server that is stopped. The old ones stop working.
 *
 * @param shares where shares come from, for a seal that opens with them
 * @throws OperatorError, and errors whose messages are for operators, such as when the server runs
 */
export async function renewRoot(settings: Settings, shares: ShareSource): Promise<RootCredential> {
  if (settings.persistent === undefined) {
    throw new OperatorError("dev mode keeps everything in memory: there is nothing to renew.", 2);
  }
  const foundation = await openFoundation(settings, systemClock, { reportBug, tellOperator });
  try {
    return await renewOn(foundation, settings, await openKeyring(foundation, shares));
  } finally {
    await foundation.close();
  }
}

async function openKeyring(foundation: Foundation, shares: ShareSource): Promise<Keyring> {
  const own = await openOwnKeyring(foundation);
  if (own !== undefined) return own;
  using rootKey = await openRootWithShares(foundation, rootKeySetting, shares);
  return Keyring.openWith(foundation.store, rootKey, foundation.clock);
}

async function renewOn(foundation: Foundation, settings: Settings, keyring: Keyring): Promise<RootCredential> {
  const instance = await openInstance(foundation, keyring);
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
