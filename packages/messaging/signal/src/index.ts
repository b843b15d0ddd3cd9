export { protocolAddress } from "./addresses.ts";
export { contentTypes } from "./content.ts";
export { type SignalOptions, signal } from "./signal.ts";
