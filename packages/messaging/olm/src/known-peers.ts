import { addressName, type DeviceAddress, type StateTransaction } from "@coffer/messaging";

/** The devices with which there is a session, by address, with their identity keys. */
function peerKey(peer: DeviceAddress): string {
  return `protocol/olm/peers/${addressName(peer)}`;
}

/** The identity key of a device with which there is a session. */
export async function findPeer(state: StateTransaction, peer: DeviceAddress): Promise<string | undefined> {
  const record = await state.get(peerKey(peer));
  return record === undefined ? undefined : new TextDecoder().decode(record);
}

/** Notes that there is a session. */
export function addPeer(state: StateTransaction, peer: DeviceAddress, identityKey: string): void {
  state.put(peerKey(peer), new TextEncoder().encode(identityKey));
}

/** Notes that there is none any more. */
export function removePeer(state: StateTransaction, peer: DeviceAddress): void {
  state.delete(peerKey(peer));
}
