export type { AuditHead } from "./audit/audit-chain.ts";
export { type AuditDisk, type AuditFile, type FileIdentity, nodeAuditDisk } from "./audit/audit-disk.ts";
export { AuditTampered } from "./audit/audit-errors.ts";
export type { AuditFinding } from "./audit/audit-finding.ts";
export type { CheckpointSigner } from "./audit/checkpoints.ts";
export type { FileAuditLog } from "./audit/file-audit-log.ts";
export { type FileAuditLogOptions, openFileAuditLog } from "./audit/open-audit-log.ts";
export {
  type VerifyOptions,
  type VerifyProgress,
  type VerifyReport,
  verifyAuditDirectory,
} from "./audit/verify-audit.ts";
export { openAuditDeviceSinks } from "./audit-devices/audit-device-sinks.ts";
export { StoreInUse, StoreTooNew } from "./errors.ts";
export { type Durability, openSqliteStore, type SqliteStoreOptions } from "./sqlite/open.ts";
