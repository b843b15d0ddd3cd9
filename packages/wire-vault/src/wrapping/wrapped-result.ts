import { type WrapInfo, wrapAnswer } from "@coffer/service";
import type { VaultCall } from "../http/call.ts";
import type { VaultResult } from "../http/envelope.ts";

type Kept = Pick<VaultResult, "data" | "auth" | "warnings" | "leaseId" | "renewable" | "leaseDuration">;

/** Whether there is something in a result to wrap: neither errors nor an empty answer are wrapped. */
export function isWrappable({ errors, data, auth }: VaultResult): boolean {
  return errors === undefined && (data !== undefined || auth !== undefined);
}

/** Keeps a result for whoever unwraps it, and answers with the token for that. @param ttl seconds */
export async function wrapResult(call: VaultCall, result: VaultResult, ttl: number): Promise<VaultResult> {
  const { data, auth, warnings, leaseId, renewable, leaseDuration } = result;
  const kept = { data, auth, warnings, leaseId, renewable, leaseDuration };
  const info = await call.execute(wrapAnswer, { answer: JSON.stringify(kept), ttl });
  return wrapInfoResult(info, accessorOf(result), warnings);
}

/** The accessor of the token, or of AppRole's secret id, that an answer holds. */
function accessorOf({ data, auth }: VaultResult): string | undefined {
  const source = auth ?? data ?? "null";
  const parsed = JSON.parse(source) as Readonly<Record<string, unknown>> | null;
  const accessor = auth === undefined ? parsed?.["secret_id_accessor"] : parsed?.["accessor"];
  return typeof accessor === "string" && accessor !== "" ? accessor : undefined;
}

/** An answer of `wrap_info` alone. */
export function wrapInfoResult(
  info: WrapInfo,
  wrappedAccessor?: string,
  warnings: readonly string[] = [],
): VaultResult {
  const shown = {
    token: info.token,
    accessor: info.accessor,
    ttl: info.ttl,
    creation_time: new Date(info.createdAtMs).toISOString(),
    creation_path: info.creationPath,
    ...(wrappedAccessor === undefined ? {} : { wrapped_accessor: wrappedAccessor }),
  };
  return { status: 200, wrapInfo: JSON.stringify(shown), warnings };
}

/** The result that was wrapped. */
export function unwrapResult(answer: string): VaultResult {
  return { status: 200, data: "null", ...(JSON.parse(answer) as Kept) };
}
