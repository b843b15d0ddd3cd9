export { type ComposedServer, composeServer } from "./compose.ts";
export type {
  AdapterError,
  AdapterErrorKind,
  AdapterErrorRequest,
  DescribeAdapterError,
} from "./http/adapter-errors.ts";
export { adapterErrorKinds, describeAsProblem } from "./http/adapter-errors.ts";
export { devGuard } from "./http/dev-guard.ts";
export { defaultLimits, type HttpLimits } from "./http/limits.ts";
export { type Listeners, type ListenersOptions, startListeners } from "./http/listeners.ts";
export { renewRoot } from "./renew-root.ts";
export { type ResealOptions, reseal } from "./reseal.ts";
export { type ComposeServer, runServer } from "./run-server.ts";
export type { ShareSource } from "./shares-by-hand.ts";
export { systemClock } from "./system-clock.ts";
