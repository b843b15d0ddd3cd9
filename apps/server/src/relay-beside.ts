import {
  type Core,
  decrypt,
  execute,
  generateDataKey,
  type RequestContext,
  rootPrincipal,
  ServiceError,
} from "@coffer/service";
import type { RelaySettings, Settings } from "./config/index.ts";
import { OperatorError } from "./operator-error.ts";
import type { DataKeys, RunningRelay } from "./relay/index.ts";
import { systemRandomness } from "./system-randomness.ts";

const keyBytes = 32;
/** As `coffer relay` binds it: a directory may change between the two. */
const encryptionContext = { purpose: "coffer relay tables" };

/**
 * Starts the relay of end-to-end encrypted messages inside the server, on listeners of its own. Its tables' key is wrapped
 * by a key of this server, through the same pipeline as any request: policies, states and audit hold.
 *
 * @throws OperatorError
 */
export async function startRelayBeside(core: Core, settings: Settings, relay: RelaySettings): Promise<RunningRelay> {
  // Not before it is wanted: a server without a relay loads nothing of it.
  const { startRelay } = await import("./relay/index.ts");
  return startRelay({
    dataDirectory: relay.dataDirectory,
    dataKeys: dataKeysOf(core, settings, relay.key),
    headSigner: undefined,
    registrationToken: undefined,
    listen: relay.listen,
    tls: settings.tls,
    origins: new Set(),
    page: new Map(),
  });
}

function dataKeysOf(core: Core, settings: Settings, keyId: string): DataKeys {
  const request = (): RequestContext => ({
    requestId: systemRandomness.id(),
    wire: "aws",
    principal: rootPrincipal(settings.account),
    region: settings.region,
    sourceIp: "127.0.0.1",
    userAgent: "coffer server relay",
    // Nothing is sent: what a policy says of the network does not apply.
    secureTransport: true,
  });
  return {
    name: keyId,
    async generate() {
      const input = { keyId, encryptionContext, dataKeyBytes: keyBytes };
      const { plaintext, ciphertext } = await telling(keyId, execute(core, generateDataKey, input, request()));
      return { plaintext: plaintext!, wrapped: ciphertext };
    },
    async unwrap(ciphertext) {
      const input = { keyId, encryptionContext, ciphertext };
      return (await telling(keyId, execute(core, decrypt, input, request()))).plaintext!;
    },
  };
}

async function telling<T>(keyId: string, answer: T | Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (!(cause instanceof ServiceError)) throw cause;
    const advice = "start without relay.listen, and make or enable that key.";
    throw new OperatorError(`relay.key: ${keyId} was refused (${cause.code}): ${advice}`, 1, { cause });
  }
}
