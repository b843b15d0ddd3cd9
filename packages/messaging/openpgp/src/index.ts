export { findByWkd, type WkdOptions } from "./find-by-wkd.ts";
export type { OpenedMail } from "./mail.ts";
export { type OpenPgpOptions, type OpenPgpProtocol, openpgp } from "./openpgp.ts";
export type { OpenPgpDevice } from "./openpgp-device.ts";
export type { OpenPgpFormat } from "./strict-config.ts";
