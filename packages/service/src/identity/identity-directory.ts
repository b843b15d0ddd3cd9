import { type SecretBytes, sha256Hex } from "@coffer/crypto";
import { type CompiledPolicy, parsePolicy } from "@coffer/policy";
import { invariant } from "../errors.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { accessKeyIdentity } from "../keys/identity.ts";
import { ReadThroughCache } from "../keys/read-through-cache.ts";
import { limits } from "../limits.ts";
import { rootArn } from "../model/arn.ts";
import type { AccessKeyRecord, Principal, TokenRecord } from "../model/principal.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store, Write } from "../ports/store.ts";

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

/** The root principal of an account. */
export function rootPrincipal(account: string): Principal {
  return {
    arn: rootArn(account),
    account,
    kind: "root",
    name: "root",
    principalId: account,
    identityPolicies: [],
  };
}

/** A credential, and what it shows: made anew only when the principal behind it changed. */
interface Cached<Credential, Shown> {
  readonly credential: Credential;
  readonly show: (principal: Principal) => Shown;
  principal: Principal | undefined;
  shown: Shown | undefined;
}

type CachedAccessKey = Cached<AccessKeyRecord, AccessKeyCredential>;
type CachedToken = Cached<TokenRecord, Principal>;

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

/** Finds who is behind an access key or a token, through bounded caches that every commit keeps true. */
export class IdentityDirectory {
  readonly #store: Store;
  readonly #keyring: Keyring;
  readonly #clock: Clock;
  readonly #options: IdentityOptions;
  /** By access key id. */
  readonly #accessKeys = new ReadThroughCache<CachedAccessKey>(limits.cachedIdentities.value);
  /** By digest. */
  readonly #tokens = new ReadThroughCache<CachedToken>(limits.cachedIdentities.value);
  /** By ARN. */
  readonly #principals = new ReadThroughCache<Principal>(limits.cachedIdentities.value);

  constructor(store: Store, keyring: Keyring, clock: Clock, options: IdentityOptions) {
    this.#store = store;
    this.#keyring = keyring;
    this.#clock = clock;
    this.#options = options;
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

  /** Who an unknown access key is in dev mode. */
  #unverified(accessKeyId: string): AccessKeyCredential {
    const account = /^\d{12}$/.test(accessKeyId) ? accessKeyId : this.#options.account;
    return { principal: { ...rootPrincipal(account), accessKeyId }, secret: undefined };
  }

  /**
   * The principal behind a bearer or Vault token.
   *
   * @returns undefined for an unknown or expired token
   */
  async findToken(token: string): Promise<Principal | undefined> {
    // Digests are looked up, so the time that it takes says nothing of any token.
    const digest = sha256Hex(token);
    const cached = await this.#tokens.find(digest, async () => {
      const record = await this.#store.get("tokens", { digest });
      return record === undefined ? undefined : cache(record, (principal) => ({ ...principal, token: record }));
    });
    if (cached === undefined) return undefined;
    const principal = await this.#findPrincipal(cached.credential);
    const { expiresAtMs } = cached.credential;
    if (expiresAtMs !== undefined && expiresAtMs <= this.#clock.nowMs()) return undefined;
    return principal === undefined ? undefined : show(cached, principal);
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
      } else if (write.table === "identityPolicies") {
        this.#principals.forget((write.op === "delete" ? write.key : write.row).principalArn);
      }
    }
  }

  /** @returns undefined when it was deleted, and its credentials with it, after they were read */
  #findPrincipal(of: {
    readonly principalArn: string;
    readonly account: string;
  }): Principal | undefined | Promise<Principal | undefined> {
    const { principalArn: arn, account } = of;
    const cached = this.#principals.cached(arn);
    if (cached !== undefined) return cached;
    return this.#principals.find(arn, async () => {
      if (arn === rootArn(account)) return rootPrincipal(account);
      const record = await this.#store.get("principals", { arn });
      if (record === undefined) return undefined;
      const policies = await this.#store.listIdentityPolicies(arn, undefined, limits.identityPolicies.value);
      return {
        arn,
        account,
        kind: record.kind,
        name: record.name,
        principalId: record.principalId,
        identityPolicies: policies.map(({ document }) => compileIdentityPolicy(document)),
      };
    });
  }
}

function compileIdentityPolicy(document: string): CompiledPolicy {
  const parsed = parsePolicy(document, "identity");
  invariant(parsed.ok, "a stored identity policy parses");
  return parsed.policy;
}
