import { mkdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  cofferKey,
  E2EMessagingService,
  type E2EProtocol,
  MessagingError,
  type ServiceEvent,
  type VaultKeySource,
} from "@coffer/messaging";
import { directoryVault, fileKey } from "@coffer/messaging/node";
import { OperatorError } from "@coffer/server/config";
import type { Invocation } from "../command.ts";
import { openKeyServices } from "../key-services.ts";
import { ChatScreen } from "./chat-screen.ts";

/** How a chat is opened. */
export interface ChatOptions {
  readonly user: string;
  readonly device: string;
  readonly relay: string;
  readonly protocol: string;
  readonly vaultDirectory: string;
  readonly keyId: string | undefined;
  readonly registrationTokenFile: string | undefined;
  readonly json: boolean;
}

/** A device that chats, and where what it says is shown. */
export interface Chat {
  readonly service: E2EMessagingService;
  readonly screen: ChatScreen;
  close(): Promise<void>;
}

// Loaded when they are asked for; the AGPL's is not among them.
const loaders: ReadonlyMap<string, () => Promise<E2EProtocol>> = new Map([
  ["olm", async () => (await import("@coffer/messaging-olm")).olm()],
  ["mls", async () => (await import("@coffer/messaging-mls")).mls()],
]);

/**
 * Opens the device, or sets it up.
 *
 * @throws OperatorError
 */
export async function openChat(invocation: Invocation, options: ChatOptions): Promise<Chat> {
  const { user, device, relay, vaultDirectory } = options;
  const load = loaders.get(options.protocol);
  if (load === undefined) {
    throw new OperatorError(`--protocol: "${options.protocol}" is none of ${[...loaders.keys()].join(", ")}`, 2);
  }
  const screen = new ChatScreen(user, options.json);
  return telling(async () => {
    const protocol = await load();
    const owner = { userId: user, deviceId: device, protocol: protocol.facts.id };
    const key = await keyOf(invocation, options);
    const vault = await directoryVault(vaultDirectory, { owner, key });
    try {
      const registrationToken = tokenOf(invocation, options.registrationTokenFile);
      const onEvent = (event: ServiceEvent) => screen.tellEvent(event);
      const service = await E2EMessagingService.open({
        user,
        deviceId: device,
        protocol,
        relay,
        vault,
        registrationToken,
        onEvent,
      });
      return {
        service,
        screen,
        async close() {
          await service.close();
          await vault.close();
        },
      };
    } catch (cause) {
      await vault.close();
      throw cause;
    }
  });
}

async function keyOf(invocation: Invocation, { keyId, vaultDirectory }: ChatOptions): Promise<VaultKeySource> {
  if (keyId !== undefined) return cofferKey({ client: (await openKeyServices(invocation)).kms(), keyId });
  mkdirSync(dirname(vaultDirectory), { recursive: true, mode: 0o700 });
  return fileKey(`${vaultDirectory}.key`);
}

function tokenOf(invocation: Invocation, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(resolve(invocation.workingDirectory, file), "utf8").trim();
  } catch (cause) {
    throw new OperatorError(`cannot read ${file}: ${(cause as NodeJS.ErrnoException).code}.`, 1, { cause });
  }
}

/** Calls `act`, and tells its failures in one line. @throws OperatorError */
export async function telling<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof MessagingError ? new OperatorError(error.message.replace(/\n/g, " ")) : error;
  }
}
