import { ServiceError, type WireRequest } from "@coffer/service";
import { goDurationProblem, parseGoDuration } from "../http/go-duration.ts";

function refuse(problem: string): never {
  const reason = `error parsing X-Vault-Wrap-TTL header: ${problem}`;
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/**
 * How long the answer is to be wrapped (OpenBao, internal/http/handler.go: `requestWrapInfo`).
 *
 * @returns seconds, at least 1; undefined when it is not to be wrapped
 * @throws ServiceError InvalidInput; Unsupported for a format that is not the usual one
 */
export function readWrapTtl(request: WireRequest): number | undefined {
  const text = request.firstHeader("x-vault-wrap-ttl") ?? "";
  if (text === "") return undefined;
  const seconds = parseGoDuration(text);
  if (seconds === undefined || !Number.isFinite(seconds)) refuse(goDurationProblem(text));
  if (seconds < 0) refuse("requested wrap ttl cannot be negative");
  if ((request.firstHeader("x-vault-wrap-format") ?? "").trim().toLowerCase() === "jwt") {
    const reason = "wrapping tokens are not given as JWTs: leave out the X-Vault-Wrap-Format header";
    throw ServiceError.of("Unsupported", { reason });
  }
  return seconds === 0 ? undefined : Math.max(1, Math.trunc(seconds));
}
