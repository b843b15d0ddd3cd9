import { randomBytes } from "node:crypto";
import { EnvelopeError, PlaintextDataKey } from "@coffer/envelope";
import { combine, split } from "shamir-secret-sharing";
import type { KeyServices } from "./key-services.ts";
import { invalidInput } from "./problems.ts";
import type { Recipient, RecipientGroup } from "./recipients.ts";
import { checkWrappable, unwrapOneOf, wrapFor } from "./wrapped-keys.ts";

const dataKeyBytes = 32;

/** A new data key. The caller disposes of it. */
export function generateDataKey(): PlaintextDataKey {
  return PlaintextDataKey.takeFrom(randomBytes(dataKeyBytes));
}

/** Recipients and, of several groups, how many it takes. */
export interface KeyGroups {
  readonly groups: readonly RecipientGroup[];
  readonly shamirThreshold?: number | undefined;
}

/**
 * The data key of a file: any recipient's; of several groups, put together from the shares of as many as it takes. The
 * caller disposes of it.
 *
 * @throws EnvelopeError KeyUnavailable, with a line for each recipient that failed
 */
export async function unwrapDataKey(
  { groups, shamirThreshold }: KeyGroups,
  services: KeyServices,
): Promise<PlaintextDataKey> {
  const needed = groups.length === 1 ? 1 : (shamirThreshold ?? groups.length);
  if (groups.length > 1) checkGroups({ groups, shamirThreshold });
  const parts: PlaintextDataKey[] = [];
  const problems: string[] = [];
  try {
    for (const group of groups) {
      if (parts.length >= needed) break;
      const { part, problems: found } = await unwrapOneOf(group, services);
      if (part !== undefined) parts.push(part);
      problems.push(...found);
    }
    if (parts.length < needed) throw unavailable(problems, parts.length, needed, groups.length);
    return groups.length === 1 ? parts[0]!.clone() : await combined(parts);
  } finally {
    for (const part of parts) part.dispose();
  }
}

/**
 * The groups with the data key wrapped for every recipient: one call each. Several groups get shares, by Shamir's scheme
 * over GF(2^8) in Vault's layout, as SOPS does it.
 *
 * @param createdAt RFC 3339
 * @throws EnvelopeError KeyUnavailable for a recipient that cannot be wrapped for; InvalidInput
 */
export async function wrapDataKey(
  dataKey: PlaintextDataKey,
  keyGroups: KeyGroups,
  services: KeyServices,
  createdAt: string,
): Promise<readonly RecipientGroup[]> {
  const { groups } = keyGroups;
  checkGroups(keyGroups);
  checkWrappable(groups.flat());
  const parts = groups.length === 1 ? [dataKey.clone()] : await shared(dataKey, keyGroups);
  try {
    const wrapped = await Promise.all(
      groups.map((group, index) => wrapForAll(group, parts[index]!, services, createdAt)),
    );
    const problem = wrapped.flat().find((outcome) => outcome.status === "rejected");
    if (problem !== undefined) throw problem.reason;
    return wrapped.map((group) => group.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : [])));
  } finally {
    for (const part of parts) part.dispose();
  }
}

/** Waits for all, so that the key is there as long as somebody uses it. */
function wrapForAll(
  group: RecipientGroup,
  part: PlaintextDataKey,
  services: KeyServices,
  createdAt: string,
): Promise<readonly PromiseSettledResult<Recipient>[]> {
  return Promise.allSettled(group.map((recipient) => wrapFor(recipient, part, services, createdAt)));
}

/** @throws EnvelopeError InvalidInput */
export function checkGroups({ groups, shamirThreshold }: KeyGroups): void {
  if (groups.length === 0 || groups.some((group) => group.length === 0)) {
    throw invalidInput("Name at least one recipient, and in each key group.");
  }
  if (groups.length > 1) {
    const threshold = shamirThreshold ?? groups.length;
    if (!Number.isSafeInteger(threshold) || threshold < 2 || threshold > groups.length || groups.length > 255) {
      throw invalidInput(`Of ${groups.length} key groups, it takes 2 to ${groups.length} to decrypt.`);
    }
  }
}

async function shared(dataKey: PlaintextDataKey, { groups, shamirThreshold }: KeyGroups): Promise<PlaintextDataKey[]> {
  const shares = await dataKey.use((bytes) => split(bytes, groups.length, shamirThreshold ?? groups.length));
  return shares.map((share) => PlaintextDataKey.takeFrom(share));
}

async function combined(parts: readonly PlaintextDataKey[]): Promise<PlaintextDataKey> {
  const plain = parts.map((part) => part.use((bytes) => Uint8Array.from(bytes)));
  try {
    if (
      new Set(plain.map((part) => part.at(-1))).size < plain.length ||
      plain.some(({ length }) => length < 2 || length !== plain[0]?.length)
    ) {
      throw new EnvelopeError("DecryptionFailed", "The key groups' shares are not of one data key.");
    }
    return PlaintextDataKey.takeFrom(await combine(plain));
  } finally {
    for (const part of plain) part.fill(0);
  }
}

function unavailable(problems: readonly string[], found: number, needed: number, groups: number): EnvelopeError {
  const what =
    groups === 1
      ? "No recipient's key unwraps the data key"
      : `The data key takes ${needed} of ${groups} key groups, and ${found} could be unwrapped`;
  return new EnvelopeError("KeyUnavailable", `${what}: ${problems.join("; ")}`, { problems });
}
