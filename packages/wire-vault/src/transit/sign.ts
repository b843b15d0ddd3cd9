import { ServiceError, type TransitSigningFailure, transitSign, transitVerify } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import type { VaultResult } from "../http/envelope.ts";
import { failureTexts } from "./failures.ts";
import { verifyHmacItems } from "./hmac.ts";
import { answerItems, type ItemOutcome } from "./item-answer.ts";
import { decodeContext, decodeInput, type Item, type Items, readItems } from "./items.ts";
import { namedKey } from "./key-name.ts";
import { keyProblem } from "./key-problems.ts";
import { overItems } from "./over-items.ts";
import { encodingOf, readSigning } from "./signing-options.ts";
import { formatVersioned, parseVersioned } from "./versioned.ts";

/** Transit's words for an item that was not signed (OpenBao, sdk/helper/keysutil/policy.go; Go's crypto/rsa). */
const signTexts: Readonly<Record<TransitSigningFailure, string>> = {
  saltLength: "requested salt length is invalid",
  digestLength: "crypto/rsa: input must be hashed with given hash",
  malformed: "supplied signature is invalid",
  unsupportedHash: "unsupported hash algorithm",
  inputTooLong: "crypto/rsa: message too long for RSA key size",
  versionTooHigh: "requested version for signing is higher than the latest key version",
  versionTooLow: "requested version for signing is less than the minimum encryption key version",
  versionNegative: "requested version for signing is negative",
  privateKeyMissing: "requested version for signing does not contain a private part",
  versionUnknown: "invalid signature: version is too new",
  versionTooOld: failureTexts.versionTooOld,
  contextMissing: `error deriving key: ${failureTexts.contextMissing}`,
};

/** Vault API: Transit, sign data. */
export const signRoute: RouteHandler = async (call) => {
  const how = readSigning(call);
  const key = namedKey(call);
  const items = readItems(call);
  const keyVersion = call.fields.integer("key_version") ?? 0;
  const parsed = items.items.map(({ input, context }) => {
    // No input at all is an empty one, but in a batch.
    const bytes = decodeInput(items.batch ? input : (input ?? ""), "missing input");
    if (typeof bytes === "string") return bytes;
    const decoded = decodeContext(context);
    return typeof decoded === "string" ? decoded : { input: bytes, context: decoded };
  });
  try {
    const outcomes = await overItems(
      parsed,
      async (wanted) => (await call.execute(transitSign, { keyId: key.alias, items: wanted, how, keyVersion })).results,
      (result): ItemOutcome => {
        if (!result.ok) return signTexts[result.failure];
        const { signature, keyVersion: version, publicKey } = result.value;
        return {
          signature: formatVersioned(version, signature, encodingOf(how)),
          key_version: version,
          ...(publicKey === undefined ? {} : { public_key: publicKey.toString("base64") }),
        };
      },
    );
    return answerItems(items, outcomes, { key_version: 0 });
  } catch (error) {
    throw keyProblem(error, key, "signing key not found");
  }
};

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Whether the items of a call to verify are signatures or HMACs; they cannot be mixed (OpenBao: `pathVerifyWrite`). */
function kindOf({ batch, items }: Items): "signature" | "hmac" {
  const signatures = items.some((item) => item.signature !== undefined);
  const hmacs = items.some(isHmacAlone);
  const missing = items.some((item) => item.signature === undefined && item.hmac === undefined);
  if (!batch && missing) refuse("neither a 'signature' nor an 'hmac' were given to verify");
  if (signatures && hmacs) refuse("elements of batch_input must all provide 'signature' or all provide 'hmac'");
  if (missing && signatures) refuse("some elements of batch_input are missing 'signature'");
  if (missing && hmacs) refuse("some elements of batch_input are missing 'hmac'");
  if (missing) refuse("no batch_input elements have 'signature' or 'hmac'");
  return hmacs ? "hmac" : "signature";
}

function isHmacAlone({ signature, hmac }: Item): boolean {
  return signature === undefined && hmac !== undefined;
}

const signatureTexts = {
  prefix: "invalid signature: no prefix",
  fields: "invalid signature: wrong number of fields",
  version: "invalid signature: version number could not be decoded",
  base64: "invalid base64 signature value",
} as const;

async function verifySignatures(call: VaultCall, items: Items): Promise<VaultResult> {
  const how = readSigning(call);
  const key = namedKey(call);
  const parsed = items.items.map(({ input, signature = "", context }) => {
    const bytes = decodeInput(items.batch ? input : (input ?? ""), "missing input");
    if (typeof bytes === "string") return bytes;
    const decoded = decodeContext(context);
    if (typeof decoded === "string") return decoded;
    const versioned = parseVersioned(signature, encodingOf(how));
    if (!versioned.ok) return signatureTexts[versioned.problem];
    return { input: bytes, context: decoded, keyVersion: versioned.keyVersion, signature: versioned.bytes };
  });
  try {
    const outcomes = await overItems(
      parsed,
      async (wanted) => (await call.execute(transitVerify, { keyId: key.alias, items: wanted, how })).results,
      (result): ItemOutcome => (result.ok ? { valid: result.value } : signTexts[result.failure]),
    );
    return answerItems(items, outcomes, { valid: false });
  } catch (error) {
    throw keyProblem(error, key, "signature verification key not found");
  }
}

/** Vault API: Transit, verify signed data: signatures or HMACs. */
export const verifyRoute: RouteHandler = (call) => {
  const items = readItems(call);
  return kindOf(items) === "hmac" ? verifyHmacItems(call, items) : verifySignatures(call, items);
};
