export { openRelayInstance, type RelayInstanceOptions } from "./open-relay-instance.ts";
export type { PageFiles } from "./relay-handler.ts";
export type { DataKeys } from "./row-key.ts";
export { type RunningRelay, type RunRelayOptions, runRelay, startRelay } from "./run-relay.ts";
