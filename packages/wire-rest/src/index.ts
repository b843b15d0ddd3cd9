export { restLimits } from "./limits.ts";
export { createRestWire, type RestWireOptions } from "./rest-wire.ts";
