import { ServiceError, type WireAnswer, type WireRequest } from "@coffer/service";
import { describeError } from "../../errors.ts";
import { answerBare, answerErrors } from "../../http/envelope.ts";
import type { Fields } from "../../http/fields.ts";
import { readFields } from "../../http/read-request.ts";
import { answerHealth } from "../health.ts";
import { describeInitialized, readInitialQuorum, refuseInput } from "./initialize.ts";
import { readShare } from "./read-share.ts";
import type { SealControl } from "./seal-control.ts";
import { leaderStatus, sealStatusOf } from "./status.ts";

export interface SealWireOptions {
  /** Coffer's version: what the wire gives out as the server's. */
  readonly version: string;
}

/** One request of the seal's paths. */
interface SealCall extends SealWireOptions {
  readonly control: SealControl;
  readonly request: WireRequest;
}

type Handler = (call: SealCall) => WireAnswer | Promise<WireAnswer>;

/**
 * What works without a token and without an open instance, by path and method (OpenBao, internal/http/handler.go). Status
 * and health leave no audit record.
 */
const handlers: ReadonlyMap<string, ReadonlyMap<string, Handler>> = new Map([
  ["/v1/sys/health", methods({ GET: health, HEAD: health })],
  ["/v1/sys/seal-status", methods({ GET: sealStatus })],
  ["/v1/sys/leader", methods({ GET: () => answerBare(200, leaderStatus) })],
  [
    "/v1/sys/init",
    methods({
      GET: ({ control }) => answerBare(200, { initialized: control.state().initialized }),
      PUT: recorded("Initialize", initialize),
      POST: recorded("Initialize", initialize),
    }),
  ],
  ["/v1/sys/unseal", methods({ PUT: recorded("Unseal", unseal), POST: recorded("Unseal", unseal) })],
]);

/** What a sealed instance does of the paths that need a token: nothing, which is what sealing it again has to do. */
const sealedAlready: ReadonlySet<string> = new Set(["PUT", "POST"]);

function methods(table: Readonly<Record<string, Handler>>): ReadonlyMap<string, Handler> {
  return new Map(Object.entries(table));
}

/**
 * Makes the part of the Vault wire that stands in front of the core: what works while the instance is sealed or was never
 * initialized, and as well when it is open. It never throws.
 *
 * @returns a handler that gives undefined for paths of others
 */
export function createSealWire(
  control: SealControl,
  { version }: SealWireOptions,
): (request: WireRequest) => Promise<WireAnswer> | undefined {
  return (request) => {
    const found = handlers.get(request.path);
    return found === undefined ? undefined : answer(found.get(request.method), { control, version, request });
  };
}

/** The answer of the Vault wire while the instance is sealed: no request is read, nobody is authenticated. */
export function answerSealed(request: WireRequest): WireAnswer {
  const answered =
    request.path === "/v1/sys/seal" && sealedAlready.has(request.method)
      ? { status: 204, headers: { "Cache-Control": "no-store" }, body: "" }
      : answerErrors(503, ["Vault is sealed"]);
  return withId(answered, request);
}

async function answer(handler: Handler | undefined, call: SealCall): Promise<WireAnswer> {
  return withId(await (handler ?? refuseMethod)(call), call.request);
}

const refuseMethod = recorded("RefusedRequest", () => {
  throw ServiceError.of("InvalidInput", { kind: "method", reason: "unsupported operation" });
});

function withId(answered: WireAnswer, { requestId }: WireRequest): WireAnswer {
  return { ...answered, headers: { ...answered.headers, "X-Request-Id": requestId } };
}

function health({ control, request, version }: SealCall): WireAnswer {
  return answerHealth({ ...control.state(), standby: false }, request, version, control.nowMs());
}

function sealStatus({ control, version }: SealCall): WireAnswer {
  return answerBare(200, sealStatusOf(control.state(), version));
}

function recorded(eventName: string, handle: (call: SealCall, fields: Fields) => Promise<WireAnswer>): Handler {
  return async (call) => {
    try {
      return await handle(call, readFields("update", call.request, new URLSearchParams()));
    } catch (error) {
      const { detail } = await call.control.refused(eventName, error, call.request);
      const { status, errors } = describeError(detail);
      return answerErrors(status, errors);
    }
  };
}

/** Vault API: sys/init. */
async function initialize({ control, request }: SealCall, fields: Fields): Promise<WireAnswer> {
  const quorum = readInitialQuorum(fields, control.state());
  const made = await control.initialize(quorum, request);
  if (made === undefined) refuseInput("Vault is already initialized");
  return answerBare(200, describeInitialized(made));
}

/** Vault API: sys/unseal. */
async function unseal(call: SealCall, fields: Fields): Promise<WireAnswer> {
  const { control, request } = call;
  if (fields.boolean("reset") === true) {
    if (!control.state().sealed) refuseInput("vault is unsealed");
    await control.resetShares(request);
    return sealStatus(call);
  }
  const key = fields.text("key");
  if (key === undefined || key === "") {
    refuseInput("'key' must be specified in request body as JSON, or 'reset' set to true");
  }
  if (fields.boolean("migrate") === true) refuseInput("can't perform a seal migration, no migration seal found");
  const share = readShare(key);
  if (!control.state().initialized) {
    share.fill(0);
    refuseInput("Vault is not initialized");
  }
  await control.submitShare(share, request);
  return sealStatus(call);
}
