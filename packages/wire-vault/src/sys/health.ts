import type { WireAnswer, WireRequest } from "@coffer/service";
import { answerBare, answerErrors } from "../http/envelope.ts";

/** How the instance is doing, as load balancers ask. */
export interface HealthState {
  readonly initialized: boolean;
  readonly sealed: boolean;
  readonly standby: boolean;
  readonly auditOk: boolean;
  readonly storeOk: boolean;
}

interface HealthCodes {
  readonly active: number;
  readonly standby: number;
  readonly sealed: number;
  readonly uninitialized: number;
}

const defaultCodes: HealthCodes = { active: 200, standby: 429, sealed: 503, uninitialized: 501 };
/** While audit trail or database are in trouble, requests fail or soon will: nobody should be sent here, whatever codes were asked for. */
const unwellCode = 503;

const parameters: ReadonlyMap<string, keyof HealthCodes> = new Map([
  ["activecode", "active"],
  ["standbycode", "standby"],
  ["sealedcode", "sealed"],
  ["uninitcode", "uninitialized"],
]);

const truths: ReadonlySet<string> = new Set(["", "1", "t", "T", "true", "TRUE", "True"]);
const falsehoods: ReadonlySet<string> = new Set(["0", "f", "F", "false", "FALSE", "False"]);

interface HealthQuery {
  readonly codes: HealthCodes;
  readonly standbyOk: boolean;
}

/** The parameters of a health request; undefined when one has no meaning. */
function parseQuery(query: URLSearchParams): HealthQuery | undefined {
  const codes = { ...defaultCodes };
  for (const [name, member] of parameters) {
    const text = query.get(name);
    if (text === null) continue;
    const code = /^[0-9]{3}$/.test(text) ? Number(text) : 0;
    if (code < 200 || code > 599) return undefined;
    codes[member] = code;
  }
  const standby = query.get("standbyok");
  if (standby !== null && !truths.has(standby) && !falsehoods.has(standby)) return undefined;
  return { codes, standbyOk: standby !== null && truths.has(standby) };
}

/** The status of a health answer (OpenBao, internal/http/sys_health.go; the parts of audit and store are Coffer's). */
export function healthStatus(state: HealthState, { codes, standbyOk }: HealthQuery): number {
  if (!state.initialized) return codes.uninitialized;
  if (state.sealed) return codes.sealed;
  if (!state.auditOk || !state.storeOk) return unwellCode;
  if (state.standby && !standbyOk) return codes.standby;
  return codes.active;
}

/** Vault API: sys/health. The body is left out of the answer to HEAD by whoever sends it. */
export function answerHealth(state: HealthState, request: WireRequest, version: string, nowMs: number): WireAnswer {
  const query = parseQuery(new URLSearchParams(request.query));
  if (query === undefined) return answerErrors(400, []);
  return answerBare(healthStatus(state, query), {
    initialized: state.initialized,
    sealed: state.sealed,
    standby: state.standby,
    performance_standby: false,
    replication_performance_mode: "disabled",
    replication_dr_mode: "disabled",
    server_time_utc: Math.floor(nowMs / 1000),
    version,
    ...(state.sealed ? {} : { cluster_name: "coffer" }),
    audit_ok: state.auditOk,
    store_ok: state.storeOk,
  });
}
