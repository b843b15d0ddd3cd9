import { ServiceError, transitDataKey, transitDataKeyWithoutPlaintext } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { ok } from "../http/envelope.ts";
import { ciphertextMembers } from "./encrypt.ts";
import { type Entry, readAssociatedData, readContext } from "./entries.ts";
import { failureText } from "./failures.ts";
import { namedKey } from "./key-name.ts";
import { keyProblem } from "./key-problems.ts";

const allowedBits: ReadonlySet<number> = new Set([128, 256, 512]);

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Vault API: Transit, generate data key, `plaintext` or `wrapped` by the path. */
export const dataKeyRoute: RouteHandler = async (call) => {
  const [kind] = call.captures;
  if (kind !== "plaintext" && kind !== "wrapped") refuse("Invalid path, must be 'plaintext' or 'wrapped'");
  const key = namedKey(call, 1);
  const { fields } = call;
  const bits = fields.integer("bits") ?? 256;
  if (!allowedBits.has(bits)) refuse("invalid bit length");
  const entry: Entry = {
    plaintext: "",
    ciphertext: "",
    context: fields.text("context") ?? "",
    keyVersion: fields.integer("key_version") ?? 0,
    associatedData: fields.text("associated_data") ?? "",
    reference: "",
  };
  const { aad, problem } = readAssociatedData(entry);
  const { context, problem: contextProblem } = readContext(entry);
  const wrong = contextProblem ?? problem;
  if (wrong !== undefined) refuse(wrong);
  const input = { keyId: key.alias, dataKeyBytes: bits / 8, keyVersion: entry.keyVersion, aad, context };
  try {
    if (kind === "wrapped") {
      const result = await call.execute(transitDataKeyWithoutPlaintext, input);
      if (!result.ok) refuse(failureText(result.failure, undefined));
      return ok(`{${ciphertextMembers(result.value)}}`);
    }
    const { plaintext, result } = await call.execute(transitDataKey, input);
    const encoded = plaintext.toString("base64");
    plaintext.fill(0);
    if (!result.ok) refuse(failureText(result.failure, undefined));
    return ok(`{${ciphertextMembers(result.value)},"plaintext":"${encoded}"}`);
  } catch (error) {
    throw keyProblem(error, key, "encryption key not found");
  }
};
