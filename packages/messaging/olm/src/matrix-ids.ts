import { addressName, type DeviceAddress } from "@coffer/messaging";

/**
 * The only device of each Matrix user here. One device of ours is one Matrix user of its own, so that sharing a room's
 * key with a user never means a device more than the one that was meant.
 */
export const matrixDevice = "COFFER";

/** The name by which an own signature of a device is found (Matrix specification, "Signing JSON"). */
export const matrixSigner = `ed25519:${matrixDevice}`;

const server = ":coffer";
const most = 10_000;
const known = new Map<string, Promise<string>>();

/** The Matrix user id of a device. A hash: ids of ours are longer than Matrix's 255 octets, and of another alphabet. */
export function matrixUserOf(address: DeviceAddress): Promise<string> {
  return named(`@`, addressName(address));
}

/** The Matrix room id of a group. */
export function matrixRoomOf(groupId: string): Promise<string> {
  return named("!", groupId);
}

function named(sigil: string, text: string): Promise<string> {
  const key = sigil + text;
  let id = known.get(key);
  if (id === undefined) {
    if (known.size >= most) known.clear();
    id = crypto.subtle
      .digest("SHA-256", new TextEncoder().encode(text))
      .then((hash) => sigil + new Uint8Array(hash).toHex() + server);
    known.set(key, id);
  }
  return id;
}
