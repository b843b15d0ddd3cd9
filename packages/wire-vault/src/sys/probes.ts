import type { Core, WireAnswer, WireRequest } from "@coffer/service";
import { answerBare } from "../http/envelope.ts";
import { answerHealth } from "./health.ts";

type Probe = (core: Core, version: string, request: WireRequest) => WireAnswer;

/** Vault API: sys/seal-status. A core exists only while its seal is open. */
const sealStatus: Probe = (_core, version) =>
  answerBare(200, {
    type: "coffer",
    initialized: true,
    sealed: false,
    t: 0,
    n: 0,
    progress: 0,
    nonce: "",
    version,
    build_date: "",
    migration: false,
    cluster_name: "coffer",
    recovery_seal: true,
    storage_type: "coffer",
  });

/** Vault API: sys/leader. */
const leader: Probe = () =>
  answerBare(200, {
    ha_enabled: false,
    is_self: true,
    active_time: "0001-01-01T00:00:00Z",
    leader_address: "",
    leader_cluster_address: "",
    performance_standby: false,
    performance_standby_last_remote_wal: 0,
  });

const health: Probe = (core, version, request) =>
  answerHealth(
    {
      initialized: true,
      sealed: false,
      standby: false,
      auditOk: core.audit.health().ok,
      storeOk: core.store.health().ok,
    },
    request,
    version,
    core.clock.nowMs(),
  );

const initialized: Probe = () => answerBare(200, { initialized: true });

/**
 * What anybody may ask, without a token and without an audit record, as in Vault. Paths are below `/v1/`; `HEAD` is
 * for health checks only.
 */
const probes: ReadonlyMap<string, { readonly probe: Probe; readonly methods: ReadonlySet<string> }> = new Map([
  ["sys/health", { probe: health, methods: new Set(["GET", "HEAD"]) }],
  ["sys/seal-status", { probe: sealStatus, methods: new Set(["GET"]) }],
  ["sys/leader", { probe: leader, methods: new Set(["GET"]) }],
  ["sys/init", { probe: initialized, methods: new Set(["GET"]) }],
]);

/** The answer to a public probe; undefined when the request is none. */
export function answerProbe(core: Core, version: string, path: string, request: WireRequest): WireAnswer | undefined {
  const found = probes.get(path);
  if (found === undefined || !found.methods.has(request.method)) return undefined;
  return found.probe(core, version, request);
}
