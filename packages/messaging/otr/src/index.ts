export type { Comparison } from "./conversation.ts";
export { type OtrOptions, type OtrProtocol, otr } from "./otr.ts";
export type { OtrDevice } from "./otr-device.ts";
