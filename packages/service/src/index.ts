export {
  type ErrorCode,
  type ErrorDetail,
  type ErrorParams,
  errorCodes,
  type Fault,
  InvariantError,
  invariant,
  ServiceError,
} from "./errors.ts";
export { aliasArn, isKeyId, type KeyReference, keyArn, parseKeyReference, rootArn } from "./model/arn.ts";
export type {
  AliasRecord,
  KeyOrigin,
  KeyOwner,
  KeyRecord,
  KeyState,
  KeyTag,
  KeyUsage,
  KeyVersionRecord,
  RotationSettings,
  RotationType,
  TransitAttributes,
} from "./model/key.ts";
export type { MountRecord } from "./model/mount.ts";
export type {
  AccessKeyRecord,
  IdentityPolicyRecord,
  Principal,
  PrincipalKind,
  PrincipalRecord,
  TokenRecord,
} from "./model/principal.ts";
export type { RequestContext, Wire } from "./model/request.ts";
export type { AuditEvent, AuditHealth, AuditLog } from "./ports/audit.ts";
export type { Clock } from "./ports/clock.ts";
export type { Seal, SealedRootKey } from "./ports/seal.ts";
export {
  type SettingRecord,
  type Store,
  StoreConflict,
  type TableKeys,
  type TableName,
  type Tables,
  type WrappingKeyRecord,
  type Write,
} from "./ports/store.ts";
export type { WireAnswer, WireHandler, WireRequest } from "./wire/message.ts";
