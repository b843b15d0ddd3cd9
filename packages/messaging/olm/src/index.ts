export { olm } from "./olm.ts";
