import type { GrantDirectory } from "./grants/grant-directory.ts";
import type { IdentityDirectory } from "./identity/identity-directory.ts";
import type { KeyStoreDirectory } from "./key-stores/key-store-directory.ts";
import type { Keyring } from "./keyring/keyring.ts";
import type { KeyDirectory } from "./keys/key-directory.ts";
import type { KeyUsages } from "./keys/key-usages.ts";
import type { MountDirectory } from "./mounts/mount-directory.ts";
import type { Turns } from "./pipeline/turns.ts";
import type { UnrecordedChanges } from "./pipeline/unrecorded.ts";
import type { AuditLog } from "./ports/audit.ts";
import type { Clock } from "./ports/clock.ts";
import type { ExternalKeys } from "./ports/external-keys.ts";
import type { Outbound } from "./ports/outbound.ts";
import type { Randomness } from "./ports/randomness.ts";
import type { Store, Write } from "./ports/store.ts";
import type { WebIdentityVerifier } from "./ports/web-identity.ts";
import type { RequestQuotas } from "./quotas/request-quotas.ts";
import type { ResourceQuotas } from "./quotas/resource-quotas.ts";
import type { RootOfTrust } from "./seal/root-of-trust.ts";
import type { RootTokenAttempts } from "./seal/root-token-attempts.ts";
import type { AuditDevices } from "./vault/audit-devices.ts";
import type { FailedLoginCounts } from "./vault/failed-logins.ts";
import type { JwtKeys } from "./vault/jwt-keys.ts";
import type { PasswordChecks } from "./vault/password-checks.ts";
import type { VaultAcls } from "./vault/vault-acls.ts";
import type { VaultEntries } from "./vault/vault-entries.ts";

/** What every operation stands on. Made once by `openCore`. */
export interface Core {
  readonly store: Store;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly audit: AuditLog;
  /** What the audit trail has yet to tell. */
  readonly unrecorded: UnrecordedChanges;
  readonly keyring: Keyring;
  readonly webIdentities: WebIdentityVerifier;
  readonly keys: KeyDirectory;
  /** When each key was last used. */
  readonly keyUsages: KeyUsages;
  readonly identities: IdentityDirectory;
  readonly mounts: MountDirectory;
  /** What the Vault API keeps. */
  readonly vaultEntries: VaultEntries;
  /** The audit devices of the Vault API. */
  readonly auditDevices: AuditDevices;
  /** The keys that sign the tokens of logins. */
  readonly jwtKeys: JwtKeys;
  /** Other servers that logins ask. */
  readonly outbound: Outbound;
  readonly passwords: PasswordChecks;
  /** Logins of the Vault API that failed. */
  readonly failedLogins: FailedLoginCounts;
  /** The ACL policies of Vault tokens, compiled. */
  readonly vaultAcls: VaultAcls;
  readonly keyStores: KeyStoreDirectory;
  /** Keys behind external key store proxies. */
  readonly externalKeys: ExternalKeys;
  readonly grants: GrantDirectory;
  /** The account of the instance: 12 digits. */
  readonly account: string;
  /** The region of the wires that name none. */
  readonly homeRegion: string;
  /** DER of the roots that attestation documents are trusted by. */
  readonly attestationRoots: readonly Uint8Array[];
  /** Signs pagination markers. */
  readonly markerKey: Buffer;
  /** Authenticates grant tokens. */
  readonly grantTokenKey: Buffer;
  /** Where operations queue that lost a race for the same rows. */
  readonly turns: Turns;
  /** Commits to the store, then drops from memory what changed. */
  commit(writes: readonly Write[]): Promise<void>;
  /** How many keys and grants there may be. */
  readonly resourceQuotas: ResourceQuotas;
  /** Undefined when requests are not limited. */
  readonly requestQuotas: RequestQuotas | undefined;
  /** Tells the operator of a bug: an error that no caller may see. */
  reportBug(errorId: string, error: unknown): void;
  /** Has the operator told, once, of a trail or a store that just failed. */
  lookAtHealth(): void;
  /** The shares of the root key. */
  readonly rootOfTrust: RootOfTrust;
  /** Root tokens that share holders make together. */
  readonly rootTokens: RootTokenAttempts;
  /** Has the instance sealed once the requests under way, this one included, are answered; new ones are refused at once. */
  askToSeal(requestId: string): void;
  /** Wakes the lifecycle when a key got an earlier due time. */
  onDueChanged(dueAtMs: number | undefined): void;
}
