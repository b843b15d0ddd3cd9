import { ServiceError } from "@coffer/service";
import type { VaultCall } from "../http/call.ts";
import { ok, type VaultResult } from "../http/envelope.ts";
import type { Entries } from "./entries.ts";

/** What became of one entry: the members of its result as JSON text without braces, or an error. */
export interface Outcome {
  readonly members: string;
  readonly error: string | undefined;
}

const emptyBodyStatuses: ReadonlySet<number> = new Set([204, 205, 304]);

/** `partial_failure_response_code`, when an HTTP answer with a body can have it. */
function readPartialStatus(call: VaultCall): { readonly status?: number; readonly warning?: string } {
  const status = call.fields.integer("partial_failure_response_code");
  if (status === undefined) return {};
  if (status >= 200 && status <= 599 && !emptyBodyStatuses.has(status)) return { status };
  return {
    warning: "invalid HTTP response code override from partial_failure_response_code, reverting to 400",
  };
}

function resultJson({ members, error }: Outcome, reference: string): string {
  const failed = error === undefined ? "" : `"error":${JSON.stringify(error)},`;
  const separator = members === "" ? "" : ",";
  const quoted = reference === "" ? '""' : JSON.stringify(reference);
  return `{${members}${separator}${failed}"reference":${quoted}}`;
}

/**
 * Answers a call on entries: the only one's result, or `batch_results` in the order of the input. A batch with a failed item
 * is a 400 with every result in it, or `partial_failure_response_code` when some item succeeded (OpenBao,
 * path_encrypt.go: `batchRequestResponse`).
 *
 * @param strict false for rewrap, whose batches are always a 200
 * @throws ServiceError InvalidInput with the error of the only entry
 */
export function answerEntries(
  call: VaultCall,
  { batch, entries }: Entries,
  outcomes: readonly Outcome[],
  options: { readonly strict: boolean; readonly warnings?: readonly string[] },
): VaultResult {
  const { warnings = [] } = options;
  if (!batch) {
    const { error, members } = outcomes[0]!;
    if (error !== undefined) throw ServiceError.of("InvalidInput", { kind: "validation", reason: error });
    return ok(`{${members}}`, warnings);
  }
  let failures = 0;
  let results = "";
  for (let index = 0; index < outcomes.length; index += 1) {
    const outcome = outcomes[index]!;
    if (outcome.error !== undefined) failures += 1;
    results += `${index === 0 ? "" : ","}${resultJson(outcome, entries[index]!.reference)}`;
  }
  const data = `{"batch_results":[${results}]}`;
  if (failures === 0 || !options.strict) return ok(data, warnings);
  if (failures === outcomes.length) return { ...ok(data, warnings), status: 400 };
  const { status = 400, warning } = readPartialStatus(call);
  return { ...ok(data, warning === undefined ? warnings : [...warnings, warning]), status };
}
