export { addressName, checkId, type DeviceAddress, isSameAddress, parseAddress } from "./addresses.ts";
export {
  type AttachmentPointer,
  maxAttachmentBytes,
  parseAttachmentPointer,
} from "./attachments/attachment-pointer.ts";
export { decryptAttachment } from "./attachments/decrypt-attachment.ts";
export {
  type AttachmentDescription,
  type EncryptedAttachment,
  encryptAttachment,
} from "./attachments/encrypt-attachment.ts";
export { base64OfBytes, bytesOfBase64 } from "./base64.ts";
export type {
  Capabilities,
  ForwardSecrecy,
  GroupKind,
  PostCompromiseSecurity,
  PostQuantum,
  Runtime,
} from "./capabilities.ts";
export { type Choice, chooseE2EProtocol, type Needs, type UseCase } from "./choose-protocol.ts";
export {
  type DeviceEntry,
  type DeviceList,
  maxDeviceListCharacters,
  maxDevices,
  parseDeviceList,
  type SignedDeviceList,
  signDeviceList,
} from "./device-list.ts";
export type { Ciphertext, E2EDevice, E2EProtocol, Received, ReceivedCiphertext, SessionStart } from "./e2e-protocol.ts";
export { MessagingError, type MessagingErrorCode } from "./errors.ts";
export type { GroupCiphertext, GroupDevice, GroupMember, MembershipChange, ProposedChange } from "./group-device.ts";
export type { KeyBundle, KeyCounts, KeySetUpload, KeyUpload, PublicPreKey } from "./key-bundle.ts";
export { grantLink, type LinkGrant, type LinkGrantOptions } from "./linking/grant-link.ts";
export { type LinkOffer, linkingCode, parseLinkOffer } from "./linking/link-offer.ts";
export { type LinkedAccount, LinkRequest, linkOfferLifetimeMs } from "./linking/link-request.ts";
export {
  type MemberChange,
  type MemberList,
  maxMembers,
  parseMemberChange,
  planMemberChange,
  takeMemberChange,
} from "./member-list.ts";
export { nowMs, randomBytes } from "./platform.ts";
export { type ProtocolFacts, type ProtocolId, protocols } from "./protocols.ts";
export { findProtocol, registerProtocol } from "./registry.ts";
export { httpRelay } from "./relay-client/http-relay.ts";
export type {
  RelayCall,
  RelayClient,
  RelayReply,
  RelaySocketHandle,
  RelaySocketListener,
} from "./relay-client/relay-client.ts";
export {
  type AccountIdentity,
  matchesScanned,
  type SafetyNumber,
  safetyNumber,
} from "./safety-number/safety-number.ts";
export { E2EMessagingService } from "./service/e2e-messaging-service.ts";
export { type Envelope, parseEnvelope, writeEnvelope } from "./service/envelope.ts";
export type { Refusal, ServiceEvent } from "./service/events.ts";
export type { ReceivedMessage } from "./service/inbox.ts";
export type { Content } from "./service/payload.ts";
export { type PendingLink, requestLink } from "./service/request-link.ts";
export type {
  PeerTrust,
  ReceivedEnvelope,
  SentMessage,
  ServiceOptions,
} from "./service/service-types.ts";
export type { IndexedDbFactory, WebLocks } from "./vault/indexed-db.ts";
export { type IndexedDbVaultOptions, indexedDbVault } from "./vault/indexed-db-vault.ts";
export { type LogStorage, openLogVault, type VersionWitness } from "./vault/log-vault.ts";
export { memoryVault } from "./vault/memory-vault.ts";
export { type Changes, type KeptRecords, runBuffered } from "./vault/run-buffered.ts";
export type { StateTransaction, Vault } from "./vault/vault.ts";
export {
  type CofferKeyOptions,
  cofferKey,
  passphraseKey,
  rawKey,
  type VaultKeySource,
  type VaultOwner,
  withPassphrase,
} from "./vault/vault-keys.ts";
