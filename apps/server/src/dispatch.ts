import type { WireHandler } from "@coffer/service";
import { isXksPath } from "@coffer/wire-xks";

/** The wires behind one port. */
export interface Wires {
  readonly aws: WireHandler;
  readonly vault: WireHandler;
  readonly rest: WireHandler;
  /** Absent unless the settings switch it on. */
  readonly xks: WireHandler | undefined;
}

/** Which wire a path belongs to: `/v1/` is Vault's, `/` is AWS's, `.../kms/xks/v1/` is the XKS proxy's, the rest is REST. */
export function wireOf(path: string): keyof Wires {
  if (path === "/") return "aws";
  if (path.startsWith("/v1/")) return "vault";
  return isXksPath(path) ? "xks" : "rest";
}

/** One handler for all wires. */
export function dispatch(wires: Wires): WireHandler {
  return (request) => (wires[wireOf(request.path)] ?? wires.rest)(request);
}
