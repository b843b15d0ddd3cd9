import { addressName, type DeviceAddress } from "@coffer/messaging";

const root = "protocol/openpgp";

/** Where in a device's state each record is. */
export const stateKeys = {
  device: `${root}/device`,
  peer: (peer: DeviceAddress) => `${root}/peer/${addressName(peer)}`,
  groups: `${root}/group/`,
  group: (groupId: string) => `${root}/group/${groupId}`,
  window: (sender: DeviceAddress) => `${root}/window/${addressName(sender)}`,
  seenOfDay: (sender: DeviceAddress, day: number) => `${root}/seen/${addressName(sender)}/${day}/`,
  seen: (sender: DeviceAddress, day: number, messageId: string) =>
    `${root}/seen/${addressName(sender)}/${day}/${messageId}`,
} as const;

/** A record as JSON; undefined when there is none. */
export function readJson<T>(bytes: Uint8Array | undefined): T | undefined {
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as T);
}

export function writeJson(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
