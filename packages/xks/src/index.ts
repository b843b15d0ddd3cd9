export { createXksClient, type XksClientOptions } from "./xks-client.ts";
