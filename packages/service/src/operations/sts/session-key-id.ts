import type { Randomness } from "../../ports/randomness.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const idPattern = /^(?:AKIA|ASIA)[A-Z2-7]{16}$/;
const accountBits = 40n;
/** Bits behind the account. */
const shiftBits = 39n;
const lowMask = (1n << shiftBits) - 1n;
const highBit = 1n << (shiftBits + accountBits);

/**
 * An access key id of a session: `ASIA` and 80 bits of base32, of which the second to 41st are the account's number, as
 * in AWS's own ids; the others are random.
 */
export function generateSessionKeyId(randomness: Randomness, account: string): string {
  const random = BigInt(`0x${randomness.bytes(10).toString("hex")}`);
  let bits = (random & highBit) | (BigInt(account) << shiftBits) | (random & lowMask);
  let text = "";
  for (let index = 0; index < 16; index += 1) {
    text = alphabet.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return `ASIA${text}`;
}

/** The account in an access key id that was made so: 12 digits. Undefined for a text that can be none. */
export function accountInKeyId(accessKeyId: string): string | undefined {
  if (!idPattern.test(accessKeyId)) return undefined;
  let bits = 0n;
  for (const character of accessKeyId.slice(4)) bits = (bits << 5n) | BigInt(alphabet.indexOf(character));
  const account = (bits >> shiftBits) & ((1n << accountBits) - 1n);
  return account < 10n ** 12n ? account.toString().padStart(12, "0") : undefined;
}
