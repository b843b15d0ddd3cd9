export { ManualClock } from "./manual-clock.ts";
export { openTestCore, type TestCore, type TestCoreOptions } from "./test-core.ts";
