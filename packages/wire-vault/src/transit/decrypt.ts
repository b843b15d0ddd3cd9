import { type TransitResult, transitDecrypt, transitRewrap } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { answerEntries, type Outcome } from "./batch-answer.ts";
import { ciphertextOutcome } from "./encrypt.ts";
import { type Entries, type Entry, readAssociatedData, readContext, readEntries } from "./entries.ts";
import { type FailedItem, failureText } from "./failures.ts";
import { namedKey } from "./key-name.ts";
import { keyProblem } from "./key-problems.ts";

interface CiphertextItem {
  readonly ciphertext: string;
  readonly aad?: Buffer;
  readonly context: Buffer | undefined;
  readonly keyVersion: number;
}

/** As the original does, line breaks in the base64 are skipped: a ciphertext from a file often ends in one. */
function withoutBreaks(ciphertext: string): string {
  return ciphertext.includes("\n") || ciphertext.includes("\r") ? ciphertext.replace(/[\r\n]/g, "") : ciphertext;
}

function parseCiphertext(entry: Entry): CiphertextItem | string {
  const { keyVersion } = entry;
  const ciphertext = withoutBreaks(entry.ciphertext);
  if (ciphertext === "") return "missing ciphertext to decrypt";
  const { context, problem } = readContext(entry);
  if (problem !== undefined) return problem;
  if (entry.associatedData === "") return { ciphertext, keyVersion, context };
  const { aad, problem: aadProblem } = readAssociatedData(entry);
  return aad === undefined ? aadProblem! : { ciphertext, keyVersion, context, aad };
}

/** Runs an operation on the entries that can be read, and puts what became of each in the order of the input. */
async function overCiphertexts<Value>(
  call: VaultCall,
  { entries }: Entries,
  run: (
    keyId: string,
    items: readonly CiphertextItem[],
  ) => Promise<{ readonly keyType: string; readonly results: readonly TransitResult<Value>[] }>,
  describe: (result: TransitResult<Value>, ciphertext: string, at: FailedItem) => Outcome,
): Promise<Outcome[]> {
  const key = namedKey(call);
  const parsed = entries.map(parseCiphertext);
  const items: CiphertextItem[] = [];
  for (const item of parsed) if (typeof item !== "string") items.push(item);
  let keyType: string;
  let results: readonly TransitResult<Value>[];
  try {
    ({ keyType, results } = await run(key.alias, items));
  } catch (error) {
    throw keyProblem(error, key, "encryption key not found");
  }
  let next = 0;
  return parsed.map((item, index) =>
    typeof item === "string"
      ? { members: "", error: item }
      : describe(results[next++]!, item.ciphertext, { index, keyType }),
  );
}

/** The outcome of one decrypted item; wipes the plaintext. */
function plaintextOutcome(result: TransitResult<Buffer>, ciphertext: string, at: FailedItem): Outcome {
  if (!result.ok) return { members: '"plaintext":""', error: failureText(result.failure, ciphertext, at) };
  const members = `"plaintext":"${result.value.toString("base64")}"`;
  result.value.fill(0);
  return { members, error: undefined };
}

/** Vault API: Transit, decrypt data. */
export const decryptRoute: RouteHandler = async (call) => {
  const input = readEntries(call, "ciphertext");
  const outcomes = await overCiphertexts(
    call,
    input,
    (keyId, items) => call.execute(transitDecrypt, { keyId, items }),
    plaintextOutcome,
  );
  return answerEntries(call, input, outcomes, { strict: true });
};

/** Vault API: Transit, rewrap data. */
export const rewrapRoute: RouteHandler = async (call) => {
  const input = readEntries(call, "ciphertext", false);
  const outcomes = await overCiphertexts(
    call,
    input,
    (keyId, items) => call.execute(transitRewrap, { keyId, items }),
    ciphertextOutcome,
  );
  return answerEntries(call, input, outcomes, { strict: false });
};
