export { type Component, type ComponentName, component } from "./components.ts";
export { type AuditLogPlace, auditLogContract, isAuditUnavailable } from "./contracts/audit-contract.ts";
export { describeSealContract, type SealsUnderTest } from "./contracts/seal-contract.ts";
export { describeStoreContract, type OpenStore } from "./contracts/store-contract.ts";
export { type FaultTiming, type FaultyCall, FaultyDisk, faultyCalls } from "./faulty-disk.ts";
export { FaultyStore } from "./faulty-store.ts";
export { ManualClock } from "./manual-clock.ts";
export { openTestCore, type TestCore, type TestCoreOptions } from "./test-core.ts";
export { type WireRequestParts, wireRequest } from "./wire-request.ts";
