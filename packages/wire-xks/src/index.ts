export { xksLimits } from "./limits.ts";
export { isXksPath } from "./xks-path.ts";
export { answerSealed, createXksWire, type XksWireOptions } from "./xks-wire.ts";
