import type { E2EProtocol } from "./e2e-protocol.ts";
import { MessagingError } from "./errors.ts";
import { type ProtocolId, protocols } from "./protocols.ts";

const registered = new Map<ProtocolId, E2EProtocol>();

/**
 * Makes a protocol known by its id. Programs register what they ship: this library imports no protocol, so that
 * a licence such as the AGPL comes into a program only by its own choice.
 */
export function registerProtocol(protocol: E2EProtocol): void {
  registered.set(protocol.facts.id, protocol);
}

/**
 * A protocol that was registered.
 *
 * @throws MessagingError ProtocolNotRegistered with the package to register
 */
export function findProtocol(id: ProtocolId): E2EProtocol {
  const found = registered.get(id);
  if (found !== undefined) return found;
  const facts = protocols.get(id);
  if (facts === undefined) throw new MessagingError("InvalidInput", `There is no protocol "${id}".`);
  throw new MessagingError(
    "ProtocolNotRegistered",
    `${facts.name} is not registered. Import ${facts.packageName} and call registerProtocol before.`,
  );
}
