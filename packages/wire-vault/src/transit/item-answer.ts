import { ServiceError } from "@coffer/service";
import { ok, type VaultResult } from "../http/envelope.ts";
import type { Items } from "./items.ts";

/** What became of one item: the members of its result, or an error. */
export type ItemOutcome = Readonly<Record<string, unknown>> | string;

/**
 * Answers a call on items: the only one's members, or `batch_results` in the order of the input. Unlike those of encrypt and
 * decrypt, batches are always a 200 (OpenBao, path_sign_verify.go, path_hmac.go).
 *
 * @param empty the members of a failed item
 * @throws ServiceError InvalidInput with the error of the only item
 */
export function answerItems(
  { batch, items }: Items,
  outcomes: readonly ItemOutcome[],
  empty: Readonly<Record<string, unknown>> = {},
): VaultResult {
  if (!batch) {
    const [only] = outcomes;
    if (typeof only === "string") throw ServiceError.of("InvalidInput", { kind: "validation", reason: only });
    return ok(JSON.stringify(only));
  }
  const results = outcomes.map((outcome, index) => {
    const { reference } = items[index]!;
    return typeof outcome === "string" ? { ...empty, error: outcome, reference } : { ...outcome, reference };
  });
  return ok(JSON.stringify({ batch_results: results }));
}
