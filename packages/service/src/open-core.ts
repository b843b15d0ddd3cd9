import { awsNitroRoot } from "@coffer/attestation";
import type { Core } from "./core.ts";
import { ServiceError } from "./errors.ts";
import { GrantDirectory } from "./grants/grant-directory.ts";
import { HealthWatch } from "./health/health-watch.ts";
import { IdentityDirectory } from "./identity/identity-directory.ts";
import { KeyStoreDirectory } from "./key-stores/key-store-directory.ts";
import type { Keyring } from "./keyring/keyring.ts";
import { KeyDirectory } from "./keys/key-directory.ts";
import { KeyUsages } from "./keys/key-usages.ts";
import { Lifecycle } from "./lifecycle/lifecycle.ts";
import { builtInMounts } from "./mounts/built-in-mounts.ts";
import { MountDirectory } from "./mounts/mount-directory.ts";
import { Turns } from "./pipeline/turns.ts";
import { UnrecordedChanges } from "./pipeline/unrecorded.ts";
import type { AuditLog } from "./ports/audit.ts";
import type { AuditDeviceSinks } from "./ports/audit-devices.ts";
import type { Clock } from "./ports/clock.ts";
import type { ExternalKeys } from "./ports/external-keys.ts";
import type { Outbound } from "./ports/outbound.ts";
import type { Randomness } from "./ports/randomness.ts";
import type { Store, Write } from "./ports/store.ts";
import type { WebIdentityVerifier } from "./ports/web-identity.ts";
import { RequestQuotas } from "./quotas/request-quotas.ts";
import type { ResourceQuotas } from "./quotas/resource-quotas.ts";
import { RootOfTrust, type RootOfTrustParts } from "./seal/root-of-trust.ts";
import { RootTokenAttempts } from "./seal/root-token-attempts.ts";
import { AuditDevices } from "./vault/audit-devices.ts";
import { FailedLoginCounts } from "./vault/failed-logins.ts";
import { JwtKeys } from "./vault/jwt-keys.ts";
import { PasswordChecks } from "./vault/password-checks.ts";
import { VaultAcls } from "./vault/vault-acls.ts";
import { VaultEntries } from "./vault/vault-entries.ts";

/** The parts that a core is made of. */
export interface CoreParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly keyring: Keyring;
  readonly audit: AuditLog;
  readonly webIdentities: WebIdentityVerifier;
  readonly externalKeys: ExternalKeys;
  readonly outbound: Outbound;
  /** What audit devices of the Vault API write to. */
  readonly auditDeviceSinks: AuditDeviceSinks;
  /** 12 digits. */
  readonly account: string;
  readonly homeRegion: string;
  readonly dev: boolean;
  /** DER of roots besides AWS's own that attestation documents are trusted by. */
  readonly attestationRoots?: readonly Uint8Array[] | undefined;
  /** Requests a second by the names of `requestRates`, for each account and region; absent when they are not limited. */
  readonly requestRates?: ReadonlyMap<string, number> | undefined;
  /** How many keys and grants there may be; without limits when absent. */
  readonly resourceQuotas?: ResourceQuotas | undefined;
  readonly rootOfTrust: RootOfTrustParts;
  /** Seals the instance; absent where there is nothing that could open it again. */
  readonly askToSeal?: ((requestId: string) => void) | undefined;
  /** Told of bugs, with the error id that the caller was given. */
  readonly reportBug: (errorId: string, error: unknown) => void;
  /** Told one line when the audit trail or the store fails, or works again. */
  readonly tellOperator: (line: string) => void;
}

export interface OpenedCore {
  readonly core: Core;
  readonly lifecycle: Lifecycle;
  readonly healthWatch: HealthWatch;
}

/** Puts the core together. The lifecycle and the watch over its health are not started yet. */
export function openCore(parts: CoreParts): OpenedCore {
  const { store, clock, keyring, audit } = parts;
  const keys = new KeyDirectory(store, keyring);
  const identities = new IdentityDirectory(store, keyring, clock, { account: parts.account, dev: parts.dev });
  const mounts = new MountDirectory(store, builtInMounts(parts.account));
  const vaultEntries = new VaultEntries(store, keyring, clock);
  const auditDevices = new AuditDevices({
    entries: vaultEntries,
    sinks: parts.auditDeviceSinks,
    clock,
    tellOperator: parts.tellOperator,
  });
  const vaultAcls = new VaultAcls(vaultEntries, mounts);
  const keyStores = new KeyStoreDirectory(store, keyring);
  const grants = new GrantDirectory(store);
  const rootOfTrust = new RootOfTrust(store, keyring, parts.rootOfTrust);
  const unrecorded = new UnrecordedChanges(audit, store);
  const healthWatch = new HealthWatch({ audit, store, unrecorded, clock, tellOperator: parts.tellOperator });
  const core: Core = {
    store,
    clock,
    randomness: parts.randomness,
    audit,
    webIdentities: parts.webIdentities,
    unrecorded,
    keyring,
    keys,
    keyUsages: new KeyUsages(store, () => lifecycle.onManyUses()),
    identities,
    mounts,
    vaultEntries,
    jwtKeys: new JwtKeys(parts.outbound, clock),
    outbound: parts.outbound,
    passwords: new PasswordChecks(parts.randomness),
    failedLogins: new FailedLoginCounts(),
    auditDevices,
    vaultAcls,
    keyStores,
    externalKeys: parts.externalKeys,
    grants,
    account: parts.account,
    homeRegion: parts.homeRegion,
    attestationRoots: [awsNitroRoot, ...(parts.attestationRoots ?? [])],
    markerKey: keyring.deriveMacKey("pagination markers"),
    grantTokenKey: keyring.deriveMacKey("grant tokens"),
    turns: new Turns(),
    resourceQuotas: parts.resourceQuotas ?? {},
    requestQuotas: parts.requestRates === undefined ? undefined : new RequestQuotas(parts.requestRates),
    async commit(writes: readonly Write[]) {
      try {
        await store.commit(writes);
        grants.committed(writes);
      } catch (error) {
        grants.forget(writes);
        throw error;
      } finally {
        // Also after a failure: whether the store has them is then not known, so nothing in memory is trusted.
        keys.forget(writes);
        identities.forget(writes);
        mounts.forget(writes);
        vaultAcls.forget(writes);
        auditDevices.forget(writes);
        keyStores.forget(writes);
      }
    },
    reportBug: parts.reportBug,
    rootOfTrust,
    rootTokens: new RootTokenAttempts(rootOfTrust),
    askToSeal(requestId) {
      if (parts.askToSeal === undefined)
        throw ServiceError.of("Unsupported", { reason: "this instance cannot be sealed" });
      parts.askToSeal(requestId);
    },
    lookAtHealth: () => healthWatch.look(),
    onDueChanged: (dueAtMs) => lifecycle.onDueChanged(dueAtMs),
  };
  const lifecycle = new Lifecycle(core);
  return { core, lifecycle, healthWatch };
}

/** Drops what a core has of the keyring and of secrets from memory. Its requests are answered, its lifecycle has stopped. */
export function closeCore(core: Core): void {
  core.keyring.close();
  core.identities.close();
  core.rootOfTrust.close();
  core.rootTokens.close();
  core.markerKey.fill(0);
  core.grantTokenKey.fill(0);
}
