export { answerSealed } from "./answer-sealed.ts";
export { restLimits } from "./limits.ts";
export { createRestWire, type RestWireOptions } from "./rest-wire.ts";
