import type { WireHandler } from "@coffer/service";

/** The three wires behind one port. */
export interface Wires {
  readonly aws: WireHandler;
  readonly vault: WireHandler;
  readonly rest: WireHandler;
}

/** Which wire a path belongs to: `/v1/` is Vault's, `/` is AWS's, the rest is REST. */
export function wireOf(path: string): keyof Wires {
  if (path === "/") return "aws";
  return path.startsWith("/v1/") ? "vault" : "rest";
}

/** One handler for all wires. */
export function dispatch(wires: Wires): WireHandler {
  return (request) => wires[wireOf(request.path)](request);
}
