export { type AuditLogPlace, auditLogContract, isAuditUnavailable } from "./contracts/audit-contract.ts";
export { ManualClock } from "./manual-clock.ts";
export { openTestCore, type TestCore, type TestCoreOptions } from "./test-core.ts";
