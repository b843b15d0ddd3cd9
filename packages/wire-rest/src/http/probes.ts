import type { Core, WireAnswer } from "@coffer/service";

/** How the instance is doing: `GET /health`, for anybody. */
export function answerHealth(core: Core, version: string, startedAtMs: number): WireAnswer {
  const audit = core.audit.health();
  const store = core.store.health();
  const ok = audit.ok && store.ok;
  const health = {
    status: ok ? "ok" : "unhealthy",
    version,
    // A core exists only while its seal is open.
    seal: { sealed: false, initialized: true },
    audit: audit.ok ? { ok: true } : { ok: false, reason: audit.reason ?? "The audit trail is not well." },
    store: store.ok ? { ok: true } : { ok: false, reason: store.reason ?? "The database is not well." },
    uptime_seconds: Math.max(0, Math.floor((core.clock.nowMs() - startedAtMs) / 1000)),
  };
  return answerJson(ok ? 200 : 503, JSON.stringify(health));
}

/** What the instance is without an open core. */
export interface SealedState {
  readonly initialized: boolean;
}

/** `GET /health` of an instance that is sealed, or was never initialized. */
export function answerSealedHealth({ initialized }: SealedState, version: string): WireAnswer {
  return answerJson(503, JSON.stringify({ status: "unhealthy", version, seal: { sealed: true, initialized } }));
}

/** A JSON answer. */
export function answerJson(status: number, json: string): WireAnswer {
  return { status, headers: { "Content-Type": "application/json", "Cache-Control": "no-store" }, body: json };
}
