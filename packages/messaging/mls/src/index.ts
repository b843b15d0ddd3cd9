export { mls } from "./mls.ts";
