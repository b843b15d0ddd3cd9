import { randomId } from "@coffer/crypto";
import type { Caller, OperationAnswer, RelayContext } from "./context.ts";
import { findCaller } from "./operations/tokens.ts";
import { problemAnswer, RelayRefusal } from "./problem.ts";
import { invalid } from "./read-json.ts";
import type { RelayAnswer, RelayRequest } from "./relay.ts";
import { findRoute } from "./routes.ts";
import { HeadUnsigned } from "./transparency-log.ts";

/** Told of faults, with the id that the caller got. */
export type FaultListener = (requestId: string, cause: unknown) => void;

/** Answers one request, whatever it is. */
export async function answerRequest(
  context: RelayContext,
  request: RelayRequest,
  onFault: FaultListener,
): Promise<RelayAnswer> {
  try {
    return render(await runOperation(context, request));
  } catch (cause) {
    return renderFailure(cause, onFault);
  }
}

/** The answer to what an operation threw: its own refusal, or an id under which the operator finds the fault. */
export function renderFailure(cause: unknown, onFault: FaultListener): RelayAnswer {
  const requestId = randomId();
  if (cause instanceof RelayRefusal) return problemAnswer(cause, requestId);
  onFault(requestId, cause);
  return problemAnswer(faultOf(cause), requestId);
}

function faultOf(cause: unknown): RelayRefusal {
  // The database says so itself: SQLite, Result and Error Codes (busy, read-only, I/O, full, cannot open).
  const { errcode } = cause as { errcode?: unknown };
  const isDisk = typeof errcode === "number" && [5, 8, 10, 13, 14].includes(errcode & 0xff);
  if (isDisk) return new RelayRefusal("Unavailable", "The relay's database cannot be written now: try again.", {}, 5);
  if (cause instanceof HeadUnsigned) {
    return new RelayRefusal("Unavailable", "The key that signs the relay's log cannot be used now: try again.", {}, 5);
  }
  return new RelayRefusal("Internal", "The relay has a fault: tell its operator the request's id.");
}

/** Runs the operation of a request. @throws RelayRefusal */
export async function runOperation(
  context: RelayContext,
  request: RelayRequest,
  known?: Caller,
): Promise<OperationAnswer> {
  const { limits, rates } = context;
  const found = findRoute(request.method, request.path);
  if (found === undefined) throw new RelayRefusal("NotFound", "There is no such operation: see GET /v1/relay.");
  if ("methods" in found) throw new RelayRefusal("MethodNotAllowed", `Here is only ${found.methods.join(", ")}.`);
  const { route, parts } = found;
  const caller = known ?? (route.caller === "anybody" ? undefined : authenticate(context, request));
  if (caller === undefined) {
    if (route.caller === "device") {
      throw new RelayRefusal(
        "Unauthenticated",
        "Give a token as Authorization: Bearer TOKEN; POST /v1/challenges begins it.",
      );
    }
    rates.take(`anonymous ${request.peer}`, limits.anonymousPerMinute);
  }
  const mostBytes = route.octets === true ? limits.blobBytes : limits.bodyBytes;
  if (request.body.length > mostBytes) throw new RelayRefusal("TooLarge", `The body has at most ${mostBytes} bytes.`);
  const { query, body, peer } = request;
  const header = (name: string) => request.header(name);
  return route.run(context, { path: parts.map(decodePart), query, body, header, peer, caller });
}

/** @returns undefined when no token is given. @throws RelayRefusal Unauthenticated when one is given that holds no more */
export function authenticate(context: RelayContext, request: Pick<RelayRequest, "header">): Caller | undefined {
  const authorization = request.header("authorization");
  if (authorization === undefined) return undefined;
  const token = /^Bearer ([A-Za-z0-9_-]{1,128})$/i.exec(authorization)?.[1];
  const caller = token === undefined ? undefined : findCaller(context, token);
  if (caller === undefined)
    throw new RelayRefusal("Unauthenticated", "The token is unknown or has ended: get another.");
  return caller;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid("The path is not percent-encoded UTF-8.");
  }
}

function render(answer: OperationAnswer): RelayAnswer {
  const headers = { "cache-control": "no-store" };
  if ("octets" in answer) {
    return {
      status: answer.status,
      headers: { ...headers, "content-type": "application/octet-stream" },
      body: answer.octets,
    };
  }
  if (answer.json === undefined) return { status: answer.status, headers, body: Buffer.alloc(0) };
  return {
    status: answer.status,
    headers: { ...headers, "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(answer.json)),
  };
}
