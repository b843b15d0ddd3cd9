import {
  findTransitHash,
  ServiceError,
  type TransitSigningFailure,
  transitHmac,
  transitVerifyHmac,
} from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import type { VaultResult } from "../http/envelope.ts";
import { answerItems, type ItemOutcome } from "./item-answer.ts";
import { decodeInput, type Items, readItems } from "./items.ts";
import { namedKey } from "./key-name.ts";
import { keyProblem } from "./key-problems.ts";
import { overItems } from "./over-items.ts";
import { readHash, readHashName } from "./signing-options.ts";
import { formatVersioned, parseVersioned } from "./versioned.ts";

/** OpenBao, path_hmac.go. What concerns signatures alone never comes. */
const hmacTexts: Partial<Readonly<Record<TransitSigningFailure, string>>> = {
  versionTooLow: "cannot generate HMAC: version is too old (disallowed by policy)",
  versionNegative: "key version does not exist (cannot be negative)",
  versionUnknown: "invalid HMAC: version is too new",
  versionTooOld: "cannot verify HMAC: version is too old (disallowed by policy)",
};

function textOf(failure: TransitSigningFailure, latestVersion: number): string {
  if (failure === "versionTooHigh") return `key version does not exist; latest key version is ${latestVersion}`;
  return hmacTexts[failure] ?? "the HMAC could not be computed";
}

/** Vault API: Transit, generate HMAC. */
export const hmacRoute: RouteHandler = async (call) => {
  const key = namedKey(call);
  const name = call.captures[1] ?? (call.fields.text("algorithm") || "sha2-256");
  const hash = findTransitHash(name);
  if (hash === undefined) {
    const reason = `unsupported algorithm ${JSON.stringify(name.slice(0, 64))}`;
    throw ServiceError.of("InvalidInput", { kind: "validation", reason });
  }
  const items = readItems(call);
  const keyVersion = call.fields.integer("key_version") ?? 0;
  const parsed = items.items.map(({ input }) => decodeInput(input, "missing input for HMAC"));
  try {
    let latest = 0;
    const outcomes = await overItems(
      parsed,
      async (wanted) => {
        const output = await call.execute(transitHmac, { keyId: key.alias, items: wanted, hash, keyVersion });
        latest = output.latestVersion;
        return output.results;
      },
      (result): ItemOutcome =>
        result.ok
          ? { hmac: formatVersioned(result.value.keyVersion, result.value.mac, "base64") }
          : textOf(result.failure, latest),
    );
    return answerItems(items, outcomes);
  } catch (error) {
    throw keyProblem(error, key, "encryption key not found");
  }
};

const problemTexts = {
  prefix: "invalid HMAC to verify: no prefix",
  fields: "invalid HMAC: wrong number of fields",
  version: "invalid HMAC: version number could not be decoded",
  base64: "unable to decode verification HMAC as base64",
} as const;

/** Vault API: Transit, verify signed data, with HMACs. */
export async function verifyHmacItems(call: VaultCall, items: Items): Promise<VaultResult> {
  const key = namedKey(call);
  const hash = readHash(readHashName(call));
  const parsed = items.items.map(({ input, hmac = "" }) => {
    const bytes = decodeInput(items.batch ? input : (input ?? ""), "missing input");
    if (typeof bytes === "string") return bytes;
    const versioned = parseVersioned(hmac, "base64");
    if (!versioned.ok) return problemTexts[versioned.problem];
    return { input: bytes, keyVersion: versioned.keyVersion, mac: versioned.bytes };
  });
  try {
    const outcomes = await overItems(
      parsed,
      async (wanted) => (await call.execute(transitVerifyHmac, { keyId: key.alias, items: wanted, hash })).results,
      (result): ItemOutcome => {
        if (!result.ok) return textOf(result.failure, 0);
        // In a batch, the original leaves out what is false.
        return result.value || !items.batch ? { valid: result.value } : {};
      },
    );
    return answerItems(items, outcomes);
  } catch (error) {
    throw keyProblem(error, key, "encryption key not found");
  }
}
