import { MessagingError } from "./errors.ts";

/** One device of one user. */
export interface DeviceAddress {
  /** 1 to 128 characters of `A-Z a-z 0-9 . _ = + @ : -`: an e-mail address and a Matrix id fit. */
  readonly userId: string;
  /** Likewise. */
  readonly deviceId: string;
}

const idPattern = /^[A-Za-z0-9._=+@:-]{1,128}$/;

/**
 * Checks an id of a user, a device or a group.
 *
 * @throws MessagingError InvalidInput
 */
export function checkId(id: unknown, what: string): asserts id is string {
  if (typeof id !== "string" || !idPattern.test(id))
    throw new MessagingError("InvalidInput", `The ${what} must have 1 to 128 characters of A-Z a-z 0-9 . _ = + @ : -`);
}

/** An address as one text, `USER/DEVICE`, which no other address has. */
export function addressName({ userId, deviceId }: DeviceAddress): string {
  return `${userId}/${deviceId}`;
}

/**
 * An address as `addressName` writes it.
 *
 * @throws MessagingError InvalidInput
 */
export function parseAddress(name: string): DeviceAddress {
  const [userId, deviceId, more] = name.split("/");
  checkId(userId, "user's id");
  checkId(deviceId, "device's id");
  if (more !== undefined) throw new MessagingError("InvalidInput", "An address is USER/DEVICE.");
  return { userId, deviceId };
}

/** Whether two addresses are one. */
export function isSameAddress(a: DeviceAddress, b: DeviceAddress): boolean {
  return a.userId === b.userId && a.deviceId === b.deviceId;
}
