import {
  createKey,
  limits,
  ServiceError,
  type TransitCiphertext,
  type TransitResult,
  transitEncrypt,
  transitSettingsOf,
  transitUsage,
} from "@coffer/service";
import { base64Problem, decodeBase64 } from "../http/base64.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { answerEntries, type Outcome } from "./batch-answer.ts";
import { type Entry, readAssociatedData, readContext, readEntries } from "./entries.ts";
import { type FailedItem, failureText } from "./failures.ts";
import { type NamedKey, namedKey } from "./key-name.ts";
import { isMissing, isPending, keyProblem, pendingProblem } from "./key-problems.ts";
import { findKeyType, newKeyAttributes } from "./key-type.ts";

interface PlaintextItem {
  readonly plaintext: Buffer;
  readonly aad?: Buffer;
  readonly context: Buffer | undefined;
  readonly keyVersion: number;
}

function parsePlaintext(entry: Entry): PlaintextItem | string {
  const { context, problem } = readContext(entry);
  if (problem !== undefined) return problem;
  const decoded = decodeBase64(entry.plaintext);
  if (!decoded.ok) return base64Problem(decoded.index);
  const { bytes: plaintext } = decoded;
  const max = limits.transitPlaintextBytes.value;
  if (plaintext.length > max) return `the plaintext has ${plaintext.length} bytes; at most ${max} are allowed`;
  const { keyVersion } = entry;
  if (entry.associatedData === "") return { plaintext, keyVersion, context };
  const { aad, problem: aadProblem } = readAssociatedData(entry);
  return aad === undefined ? aadProblem! : { plaintext, keyVersion, context, aad };
}

/** The members of one encrypted item. Ciphertexts are base64 behind a fixed prefix, so they need no escaping. */
export function ciphertextMembers({ ciphertext, keyVersion }: TransitCiphertext): string {
  return `"ciphertext":"${ciphertext}","key_version":${keyVersion}`;
}

/** The outcome of one encrypted item. */
export function ciphertextOutcome(
  result: TransitResult<TransitCiphertext>,
  ciphertext: string | undefined,
  at: FailedItem,
): Outcome {
  return result.ok
    ? { members: ciphertextMembers(result.value), error: undefined }
    : { members: "", error: failureText(result.failure, ciphertext, at) };
}

/** As Vault does, a missing key is made by the first encryption under it, if the caller may create keys. */
async function createMissingKey(call: VaultCall, key: NamedKey, hasContext: boolean): Promise<void> {
  if ((await transitSettingsOf(call.core, call.mount!)).disableUpsert) {
    throw ServiceError.of("InvalidInput", { kind: "validation", reason: "encryption key not found" });
  }
  const convergent = call.fields.boolean("convergent_encryption") ?? false;
  if (convergent && !hasContext) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: "convergent encryption requires derivation to be enabled, so context is required",
    });
  }
  const name = call.fields.text("type") ?? "aes256-gcm96";
  const type = findKeyType(name);
  if (type.encryption !== "aead") {
    const reason = name.startsWith("ecdsa")
      ? `key type ${name} not supported for this operation`
      : `unknown key type ${name}`;
    throw ServiceError.of("InvalidInput", { kind: "validation", member: "type", reason });
  }
  const transit = newKeyAttributes(type, { derived: hasContext, convergent });
  try {
    await call.execute(createKey, { aliases: [key.alias], spec: type.spec, usage: transitUsage(type.spec), transit });
  } catch (error) {
    // Another request made it meanwhile: that key will do.
    if (!(error instanceof ServiceError) || error.code !== "AlreadyExists") throw error;
  }
}

async function encryptItems(call: VaultCall, key: NamedKey, items: readonly PlaintextItem[], hasContext: boolean) {
  const input = { keyId: key.alias, items };
  try {
    return await call.execute(transitEncrypt, input);
  } catch (error) {
    if (isPending(error)) throw pendingProblem(key);
    if (!isMissing(error) || items.length === 0) throw keyProblem(error, key, "encryption key not found");
  }
  await createMissingKey(call, key, hasContext);
  return call.execute(transitEncrypt, input);
}

/** Vault API: Transit, encrypt data. */
export const encryptRoute: RouteHandler = async (call) => {
  const key = namedKey(call);
  const input = readEntries(call, "plaintext");
  const { entries } = input;
  const parsed = entries.map(parsePlaintext);
  const items: PlaintextItem[] = [];
  for (const item of parsed) if (typeof item !== "string") items.push(item);
  try {
    const { keyType, results } = await encryptItems(call, key, items, entries[0]!.context !== "");
    let next = 0;
    const outcomes: Outcome[] = [];
    for (let index = 0; index < parsed.length; index += 1) {
      const item = parsed[index]!;
      if (typeof item === "string") outcomes.push({ members: "", error: item });
      else outcomes.push(ciphertextOutcome(results[next++]!, undefined, { index, keyType }));
    }
    return answerEntries(call, input, outcomes, { strict: true });
  } finally {
    for (const { plaintext } of items) plaintext.fill(0);
  }
};
