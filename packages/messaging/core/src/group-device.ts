import type { DeviceAddress } from "./addresses.ts";
import type { Ciphertext, ReceivedCiphertext } from "./e2e-protocol.ts";
import type { KeyBundle } from "./key-bundle.ts";
import type { StateTransaction } from "./vault/vault.ts";

/** A device that joins a group, and the keys that let it do so while it is away. */
export interface GroupMember {
  readonly address: DeviceAddress;
  readonly bundle: KeyBundle;
}

/** Who comes and who goes. */
export interface MembershipChange {
  readonly add: readonly GroupMember[];
  readonly remove: readonly DeviceAddress[];
}

/** A change that is not in force before the relay accepts it. */
export interface ProposedChange {
  /** The epoch that the change ends. Protocols without epochs count changes. */
  readonly epoch: number;
  /** For all members of that epoch; undefined where the protocol has no commits. */
  readonly commit: Uint8Array | undefined;
  /** For those who join. */
  readonly welcomes: readonly Ciphertext[];
}

/** One ciphertext for all members, and what single devices need before they can read it. */
export interface GroupCiphertext {
  readonly kind: string;
  readonly body: Uint8Array;
  readonly to: readonly DeviceAddress[];
  /** Keys for devices that have them not yet. To be sent before. */
  readonly before: readonly Ciphertext[];
}

/** Groups, where the protocol has them. The same rules hold as for `E2EDevice`. */
export interface GroupDevice {
  /** Makes a group with this device alone. */
  create(state: StateTransaction, groupId: string): Promise<void>;
  /** The devices of a group, this one among them; undefined when it is in no such group. */
  members(state: StateTransaction, groupId: string): Promise<readonly DeviceAddress[] | undefined>;
  /** The epoch, or the number of changes. */
  epoch(state: StateTransaction, groupId: string): Promise<number>;
  propose(state: StateTransaction, groupId: string, change: MembershipChange): Promise<ProposedChange>;
  /** Tells whether the relay took the proposed change; when it did not, it is dropped. */
  settle(state: StateTransaction, groupId: string, accepted: boolean): Promise<void>;
  /** Takes somebody else's commit. @returns false when it is not the next of this group, or not valid */
  applyCommit(state: StateTransaction, groupId: string, from: DeviceAddress, commit: Uint8Array): Promise<boolean>;
  /**
   * Devices that a commit or a welcome speaks of, and whose identity keys this device is to be told by
   * `E2EDevice.trust` before it can take it. Absent where the members are told otherwise.
   */
  strangers?(
    state: StateTransaction,
    groupId: string,
    from: DeviceAddress,
    message: Pick<ReceivedCiphertext, "kind" | "body">,
  ): Promise<readonly DeviceAddress[]>;
  encrypt(state: StateTransaction, groupId: string, plaintext: Uint8Array, messageId: string): Promise<GroupCiphertext>;
  /** Ends this device's part in a group. */
  leave(state: StateTransaction, groupId: string): Promise<void>;
}
