import { type SecretBytes, sha256Hex } from "@coffer/crypto";
import { type CompiledPolicy, parsePolicy } from "@coffer/policy";
import { invariant } from "../errors.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { BoundedCache } from "../keys/bounded-cache.ts";
import { accessKeyIdentity } from "../keys/identity.ts";
import { limits } from "../limits.ts";
import { rootArn } from "../model/arn.ts";
import type { Principal, TokenRecord } from "../model/principal.ts";
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

/** Finds who is behind an access key or a token, through a bounded cache that every commit keeps true. */
export class IdentityDirectory {
  readonly #store: Store;
  readonly #keyring: Keyring;
  readonly #clock: Clock;
  readonly #options: IdentityOptions;
  readonly #accessKeys = new BoundedCache<string, AccessKeyCredential>(limits.cachedIdentities.value);
  readonly #tokens = new BoundedCache<string, { token: TokenRecord; principal: Principal }>(
    limits.cachedIdentities.value,
  );
  #generation = 0;

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
   * The credential of an access key id, for verifying a signature.
   *
   * @returns undefined for an unknown or inactive access key; in dev mode the account root without a secret
   */
  findAccessKey(accessKeyId: string): AccessKeyCredential | undefined | Promise<AccessKeyCredential | undefined> {
    return this.#accessKeys.get(accessKeyId) ?? this.#loadAccessKey(accessKeyId);
  }

  async #loadAccessKey(accessKeyId: string): Promise<AccessKeyCredential | undefined> {
    const generation = this.#generation;
    const record = await this.#store.get("accessKeys", { accessKeyId });
    if (record === undefined) {
      if (!this.#options.dev) return undefined;
      const account = /^\d{12}$/.test(accessKeyId) ? accessKeyId : this.#options.account;
      return { principal: { ...rootPrincipal(account), accessKeyId }, secret: undefined };
    }
    if (!record.active) return undefined;
    const principal = await this.#principal(record.principalArn, record.account);
    if (principal === undefined) return undefined;
    const secret = this.#keyring.unwrap(
      { wrappingKeyId: record.wrappingKeyId, wrapped: record.wrappedSecret },
      accessKeyIdentity(record),
    );
    const credential = { principal: { ...principal, accessKeyId }, secret };
    if (generation === this.#generation) this.#accessKeys.set(accessKeyId, credential);
    return credential;
  }

  /**
   * The principal behind a bearer or Vault token.
   *
   * @returns undefined for an unknown or expired token
   */
  async findToken(token: string): Promise<Principal | undefined> {
    const digest = sha256Hex(token);
    let found = this.#tokens.get(digest);
    if (found === undefined) {
      const generation = this.#generation;
      const record = await this.#store.get("tokens", { digest });
      if (record === undefined) return undefined;
      const principal = await this.#principal(record.principalArn, record.account);
      if (principal === undefined) return undefined;
      found = { token: record, principal: { ...principal, token: record } };
      if (generation === this.#generation) this.#tokens.set(digest, found);
    }
    const { expiresAtMs } = found.token;
    if (expiresAtMs !== undefined && expiresAtMs <= this.#clock.nowMs()) return undefined;
    return found.principal;
  }

  /** Who calls without a token: the account root in dev mode, else nobody. */
  anonymous(): Principal | undefined {
    return this.#options.dev ? rootPrincipal(this.#options.account) : undefined;
  }

  /** Drops from memory what the writes changed. Called once after each commit. */
  forget(writes: readonly Write[]): void {
    const touched = writes.some(
      ({ table }) =>
        table === "accessKeys" || table === "tokens" || table === "identityPolicies" || table === "principals",
    );
    if (!touched) return;
    this.#generation += 1;
    this.#accessKeys.clear();
    this.#tokens.clear();
  }

  /** @returns undefined when it was deleted, and its credentials with it, after they were read */
  async #principal(arn: string, account: string): Promise<Principal | undefined> {
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
  }
}

function compileIdentityPolicy(document: string): CompiledPolicy {
  const parsed = parsePolicy(document, "identity");
  invariant(parsed.ok, "a stored identity policy parses");
  return parsed.policy;
}
