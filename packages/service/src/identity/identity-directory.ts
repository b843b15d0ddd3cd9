import type { KeyObject } from "node:crypto";
import { type SecretBytes, sha256Hex } from "@coffer/crypto";
import type { CompiledPolicy } from "@coffer/policy";
import type { Keyring } from "../keyring/keyring.ts";
import { accessKeyIdentity } from "../keys/identity.ts";
import { ReadThroughCache } from "../keys/read-through-cache.ts";
import { limits } from "../limits.ts";
import type { AccessKeyRecord, Principal, TokenRecord } from "../model/principal.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store, Write } from "../ports/store.ts";
import { type BatchTokenRecord, sealBatchToken } from "../vault/batch-token.ts";
import { loadPrincipal, loadSessionPolicies, rootPrincipal } from "./load-principal.ts";
import { sessionPrincipal } from "./session-principal.ts";
import { type OpenedSession, openSession, type SessionFacts, sealSession } from "./session-token.ts";
import { TokenDirectory } from "./token-directory.ts";

/** What an access key id stands for. */
export interface AccessKeyCredential {
  readonly principal: Principal;
  /** The secret access key; undefined only in dev mode, where unknown access keys act unverified as the account root. */
  readonly secret: SecretBytes | undefined;
}

export interface IdentityOptions {
  /** The account of the instance: 12 digits. */
  readonly account: string;
  /** Dev mode: unknown access keys are the account root, and requests without a token too. */
  readonly dev: boolean;
}

/** A credential, and what it shows: made anew only when the principal behind it changed. */
interface Cached<Credential, Shown> {
  readonly credential: Credential;
  readonly show: (principal: Principal) => Shown;
  principal: Principal | undefined;
  shown: Shown | undefined;
}

type CachedAccessKey = Cached<AccessKeyRecord, AccessKeyCredential>;

/** An opened session token with its session policies. */
interface LoadedSession {
  readonly facts: SessionFacts;
  readonly policies: readonly CompiledPolicy[] | undefined;
}

type CachedSession = Cached<LoadedSession, AccessKeyCredential | undefined>;

function cache<Credential, Shown>(
  credential: Credential,
  show: (principal: Principal) => Shown,
): Cached<Credential, Shown> {
  return { credential, show, principal: undefined, shown: undefined };
}

function show<Credential, Shown>(cached: Cached<Credential, Shown>, principal: Principal): Shown {
  if (cached.shown === undefined || cached.principal !== principal) {
    cached.shown = cached.show(principal);
    cached.principal = principal;
  }
  return cached.shown;
}

/** By itself, so that what stays in memory does not hold on to the scope in which the token is. */
function cacheSession(
  { facts, secretAccessKey: secret }: OpenedSession,
  policies: readonly CompiledPolicy[] | undefined,
): CachedSession {
  return cache<LoadedSession, AccessKeyCredential | undefined>({ facts, policies }, (base) => {
    const principal = sessionPrincipal(base, facts, policies);
    return principal === undefined ? undefined : { principal, secret };
  });
}

/** Finds who is behind an access key or a token, through bounded caches that every commit keeps true. */
export class IdentityDirectory {
  readonly #store: Store;
  readonly #keyring: Keyring;
  readonly #clock: Clock;
  readonly #options: IdentityOptions;
  /** By access key id. */
  readonly #accessKeys = new ReadThroughCache<CachedAccessKey>(limits.cachedIdentities.value);
  /** By digest of the token. */
  readonly #sessions = new ReadThroughCache<CachedSession>(limits.cachedIdentities.value);
  readonly #sessionKey: KeyObject;
  readonly #tokens: TokenDirectory;
  readonly #batchKey: KeyObject;
  /** By ARN. */
  readonly #principals = new ReadThroughCache<Principal>(limits.cachedIdentities.value);

  constructor(store: Store, keyring: Keyring, clock: Clock, options: IdentityOptions) {
    this.#store = store;
    this.#keyring = keyring;
    this.#clock = clock;
    this.#options = options;
    this.#sessionKey = keyring.deriveSealingKey("session tokens");
    this.#batchKey = keyring.deriveSealingKey("vault batch tokens");
    this.#tokens = new TokenDirectory(store, clock, this.#batchKey, (record) => this.#findPrincipal(record));
  }

  get dev(): boolean {
    return this.#options.dev;
  }

  /**
   * The credential of an access key id, for verifying a signature; synchronous when it is in memory.
   *
   * @returns undefined for an unknown or inactive access key; in dev mode the account root without a secret
   */
  findAccessKey(accessKeyId: string): AccessKeyCredential | undefined | Promise<AccessKeyCredential | undefined> {
    const cached = this.#accessKeys.cached(accessKeyId);
    const principal = cached === undefined ? undefined : this.#principals.cached(cached.credential.principalArn);
    return cached === undefined || principal === undefined ? this.#loadAccessKey(accessKeyId) : show(cached, principal);
  }

  async #loadAccessKey(accessKeyId: string): Promise<AccessKeyCredential | undefined> {
    const cached = await this.#accessKeys.find(accessKeyId, async () => {
      const record = await this.#store.get("accessKeys", { accessKeyId });
      if (record === undefined) return undefined;
      const { wrappingKeyId, wrappedSecret: wrapped } = record;
      const secret = this.#keyring.unwrap({ wrappingKeyId, wrapped }, accessKeyIdentity(record));
      return cache(record, (principal) => ({ principal: { ...principal, accessKeyId }, secret }));
    });
    if (cached === undefined) return this.#options.dev ? this.#unverified(accessKeyId) : undefined;
    if (!cached.credential.active) return undefined;
    const principal = await this.#findPrincipal(cached.credential);
    return principal === undefined ? undefined : show(cached, principal);
  }

  /**
   * The credential of a session; synchronous when it is in memory.
   *
   * @returns undefined for a token that is not of this instance, of another access key, or of somebody who is gone;
   *   `expired` for one whose time is over; in dev mode, for a token that is none, the account root without a secret
   */
  findSession(
    accessKeyId: string,
    token: string,
  ): AccessKeyCredential | "expired" | undefined | Promise<AccessKeyCredential | "expired" | undefined> {
    // Digests are looked up, so the time that it takes says nothing of any token.
    const digest = sha256Hex(token);
    const cached = this.#sessions.cached(digest);
    const base = cached === undefined ? undefined : this.#principals.cached(cached.credential.facts.principalArn);
    return cached === undefined || base === undefined
      ? this.#loadSession(accessKeyId, token, digest)
      : this.#checkSession(accessKeyId, cached, base);
  }

  async #loadSession(
    accessKeyId: string,
    token: string,
    digest: string,
  ): Promise<AccessKeyCredential | "expired" | undefined> {
    const cached = await this.#sessions.find(digest, async () => {
      const opened = openSession(this.#sessionKey, token);
      if (opened === undefined) return undefined;
      const { policy, policyArns } = opened.facts;
      return cacheSession(opened, await loadSessionPolicies(this.#store, policy, policyArns));
    });
    if (cached === undefined) return this.#options.dev ? this.#unverified(accessKeyId) : undefined;
    const base = await this.#findPrincipal(cached.credential.facts);
    return base === undefined ? undefined : this.#checkSession(accessKeyId, cached, base);
  }

  #checkSession(
    accessKeyId: string,
    cached: CachedSession,
    base: Principal,
  ): AccessKeyCredential | "expired" | undefined {
    const { facts } = cached.credential;
    if (facts.accessKeyId !== accessKeyId) return undefined;
    if (facts.expiresAtMs <= this.#clock.nowMs()) return "expired";
    return show(cached, base);
  }

  /** @returns the token, or undefined when it would be too long. See `sealSession` */
  sealSession(secretAccessKey: SecretBytes, facts: SessionFacts): string | undefined {
    return sealSession(this.#sessionKey, secretAccessKey, facts);
  }

  /** Who an unknown access key is in dev mode. */
  #unverified(accessKeyId: string): AccessKeyCredential {
    const account = /^\d{12}$/.test(accessKeyId) ? accessKeyId : this.#options.account;
    return { principal: { ...rootPrincipal(account), accessKeyId }, secret: undefined };
  }

  /**
   * The principal behind a bearer or Vault token. Whoever lets a request in with it calls `useToken`.
   *
   * @returns undefined for an unknown, expired or revoked token
   */
  findToken(token: string): Promise<Principal | undefined> {
    return this.#tokens.find(token);
  }

  /** As `findToken`. @param digest lower-case hex SHA-256 of the token; batch tokens are found only when in use */
  findTokenByDigest(digest: string): Promise<Principal | undefined> {
    return this.#tokens.findByDigest(digest);
  }

  /** Whether a token that was stored holds: its time is not over, and all that it comes from hold too. */
  isTokenLive(record: TokenRecord): Promise<boolean> {
    return this.#tokens.isLive(record);
  }

  /** Seals a batch token of the Vault API, which is stored nowhere. @returns undefined when it would be too long */
  sealBatchToken(record: BatchTokenRecord): string | undefined {
    return sealBatchToken(this.#batchKey, record);
  }

  /**
   * A user, a role or the root of an account, as it is now.
   *
   * @returns undefined when there is none
   */
  async findPrincipal(arn: string, account: string): Promise<Principal | undefined> {
    return this.#findPrincipal({ principalArn: arn, account });
  }

  /** Who calls without a token: the account root in dev mode, else nobody. */
  anonymous(): Principal | undefined {
    return this.#options.dev ? rootPrincipal(this.#options.account) : undefined;
  }

  /** Drops from memory what the writes changed. Called once after each commit. */
  forget(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.table === "accessKeys") {
        this.#accessKeys.forget((write.op === "delete" ? write.key : write.row).accessKeyId);
      } else if (write.table === "tokens") {
        this.#tokens.forget((write.op === "delete" ? write.key : write.row).digest);
      } else if (write.table === "principals") {
        this.#principals.forget((write.op === "delete" ? write.key : write.row).arn);
      } else if (write.table === "identityPolicies" || write.table === "policyAttachments") {
        this.#principals.forget((write.op === "delete" ? write.key : write.row).principalArn);
      } else if (write.table === "managedPolicies" && write.op !== "insert") {
        // It hangs on any number of principals and sessions.
        this.#principals.forgetAll();
        this.#sessions.forgetAll();
      }
    }
  }

  /** Wipes the secrets in memory and forgets everything. Nobody may be using them any more. */
  close(): void {
    for (const cached of [...this.#accessKeys.values(), ...this.#sessions.values()]) cached.shown?.secret?.dispose();
    for (const cache of [this.#accessKeys, this.#sessions, this.#tokens, this.#principals]) cache.forgetAll();
  }

  /** @returns undefined when it was deleted, and its credentials with it, after they were read */
  #findPrincipal(of: {
    readonly principalArn: string;
    readonly account: string;
  }): Principal | undefined | Promise<Principal | undefined> {
    const { principalArn: arn, account } = of;
    const cached = this.#principals.cached(arn);
    if (cached !== undefined) return cached;
    return this.#principals.find(arn, () => loadPrincipal(this.#store, arn, account));
  }
}
