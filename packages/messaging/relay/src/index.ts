export { defaultLimits, type RelayLimits } from "./limits.ts";
export { generateHeadKey, loadHeadKey, localHeadSigner } from "./local-head-signer.ts";
export { openRelay } from "./open-relay.ts";
export type {
  HeadSigner,
  Relay,
  RelayAnswer,
  RelayConnection,
  RelayOptions,
  RelayRequest,
  RelaySocket,
} from "./relay.ts";
export { type Route, routes } from "./routes.ts";
export { RowUnreadable } from "./row-cipher.ts";
