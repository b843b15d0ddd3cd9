import { addressName, type DeviceAddress } from "@coffer/messaging";

const root = "protocol/signal";

// Ids are written so that their order is that of their texts: the oldest key of a set comes first.
const numbered = (set: string) => ({
  prefix: `${root}/${set}/`,
  of: (id: number) => `${root}/${set}/${String(id).padStart(10, "0")}`,
});

/** Where in a device's state each record is. */
export const stateKeys = {
  device: `${root}/device`,
  session: (peer: DeviceAddress) => `${root}/session/${addressName(peer)}`,
  identity: (peer: DeviceAddress) => `${root}/identity/${addressName(peer)}`,
  preKey: numbered("pre-key"),
  signedPreKey: numbered("signed-pre-key"),
  kyberPreKey: numbered("kyber-pre-key"),
  kyberLastResort: numbered("kyber-last-resort"),
  kyberUses: (kyberPreKeyId: number) => `${root}/kyber-use/${kyberPreKeyId}/`,
  groups: `${root}/group/`,
  group: (groupId: string) => `${root}/group/${groupId}`,
  senderKeys: (groupId: string) => `${root}/sender-key/${groupId}/`,
  senderKeysOf: (groupId: string, sender: DeviceAddress) => `${root}/sender-key/${groupId}/${addressName(sender)}/`,
  senderKey: (groupId: string, sender: DeviceAddress, distributionId: string) =>
    `${root}/sender-key/${groupId}/${addressName(sender)}/${distributionId}`,
} as const;

/** The id that a numbered record's key ends with. */
export function idOfKey(key: string): number {
  return Number(key.slice(key.lastIndexOf("/") + 1));
}
