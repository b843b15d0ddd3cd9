import { type OperationAnswer, type OperationInput, ok, type RelayContext } from "../context.ts";
import { RelayRefusal } from "../problem.ts";
import { queryNumber } from "../read-json.ts";

/** `GET /v1/transparency/head`. */
export async function getHead({ log }: RelayContext, _: OperationInput): Promise<OperationAnswer> {
  return ok(await log.head());
}

/** `GET /v1/transparency/consistency?from=&to=`: that the log of `from` entries is the beginning of that of `to` (RFC 9162). */
export async function getConsistency({ log }: RelayContext, { query }: OperationInput): Promise<OperationAnswer> {
  const to = queryNumber(query, "to", log.tree.size);
  const from = queryNumber(query, "from", undefined);
  if (from > to || to > log.tree.size) throw new RelayRefusal("NotFound", "The log has no so many entries.");
  const proof = from === 0 ? [] : log.tree.consistencyProof(from, to);
  return ok({ from, to, proof: proof.map(base64) });
}

/** `GET /v1/transparency/entries?from=&limit=`: leaves in their order. */
export async function getEntries(
  { database, limits }: RelayContext,
  { query }: OperationInput,
): Promise<OperationAnswer> {
  const from = queryNumber(query, "from", 0);
  const limit = Math.min(queryNumber(query, "limit", limits.entriesPerAnswer), limits.entriesPerAnswer);
  const rows = database.all<{ entry: Uint8Array }>(
    "select entry from log_leaves where leaf >= ? order by leaf limit ?",
    from,
    limit,
  );
  return ok({ from, entries: rows.map(({ entry }) => base64(entry)) });
}

/** `GET /v1/transparency/users/{userId}`: where the log has a user's lists. */
export async function getUserLeaves(
  { database, directory }: RelayContext,
  { path }: OperationInput,
): Promise<OperationAnswer> {
  const [userId = ""] = path;
  const rows = database.all<{ leaf: number }>(
    "select leaf from log_leaves where user = ? order by leaf",
    directory.userKey(userId),
  );
  return ok({ leaves: rows.map(({ leaf }) => leaf) });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
