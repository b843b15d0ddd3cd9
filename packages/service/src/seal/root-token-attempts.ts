import { SecretBytes } from "@coffer/crypto";
import type { Core } from "../core.ts";
import { OneByOne } from "./one-by-one.ts";
import type { RootOfTrust } from "./root-of-trust.ts";
import { refuseAttempt, ShareAttempt } from "./share-attempt.ts";

/** The length of a root token, and so of the one-time password that hides it. */
export const rootTokenChars = 36;

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** How far the making of a root token is. */
export interface RootTokenStatus {
  readonly started: boolean;
  readonly nonce: string;
  readonly progress: number;
  /** How many shares it takes; 0 where there are none. */
  readonly required: number;
}

/** A root token, hidden by the one-time password of whoever asked for it: base64 without padding of both, XORed. */
export interface HiddenRootToken {
  readonly encoded: string;
}

/**
 * The one root token that a quorum of share holders may be making (OpenBao, internal/vault/generate_root.go). In memory:
 * sealing ends it.
 */
export class RootTokenAttempts {
  readonly #rootOfTrust: RootOfTrust;
  readonly #changes = new OneByOne();
  #current: { readonly attempt: ShareAttempt; readonly password: SecretBytes } | undefined;

  constructor(rootOfTrust: RootOfTrust) {
    this.#rootOfTrust = rootOfTrust;
  }

  async status(): Promise<RootTokenStatus> {
    const attempt = this.#current?.attempt;
    return {
      started: attempt !== undefined,
      nonce: attempt?.nonce ?? "",
      progress: attempt?.progress.given ?? 0,
      required: (await this.#rootOfTrust.collectQuorum())?.quorum.threshold ?? 0,
    };
  }

  /**
   * Begins one.
   *
   * @param password the one-time password; a new one when absent
   * @throws ServiceError InvalidInput
   * @returns the password when it was made here
   */
  start(password: string | undefined, randomness: Core["randomness"]): Promise<string | undefined> {
    return this.#changes.run(() => this.#start(password, randomness));
  }

  async #start(password: string | undefined, randomness: Core["randomness"]): Promise<string | undefined> {
    if (password !== undefined && Buffer.byteLength(password) !== rootTokenChars) {
      refuseAttempt("OTP string has incorrect length");
    }
    if (this.#current !== undefined) refuseAttempt("root generation already in progress");
    const progress =
      (await this.#rootOfTrust.collectQuorum()) ??
      refuseAttempt("there are no recovery shares: make them first (sys/rotate/recovery/init)");
    const used = password ?? newPassword(randomness);
    const attempt = new ShareAttempt(progress, { purpose: "root generation operation", key: "root key" });
    this.#current = { attempt, password: SecretBytes.takeFrom(Buffer.from(used)) };
    return password === undefined ? used : undefined;
  }

  /**
   * Takes one share, which it wipes.
   *
   * @param make makes the token, once the shares have opened the root key
   * @throws ServiceError InvalidInput
   * @returns the token with the last share of a quorum
   */
  submit(
    share: Uint8Array,
    nonce: string,
    keyring: Core["keyring"],
    make: () => Promise<string>,
  ): Promise<HiddenRootToken | undefined> {
    return this.#changes.run(() => this.#submit(share, nonce, keyring, make));
  }

  async #submit(
    share: Uint8Array,
    nonce: string,
    keyring: Core["keyring"],
    make: () => Promise<string>,
  ): Promise<HiddenRootToken | undefined> {
    const { attempt, password } = this.#current ?? refuseAttempt("no root generation in progress");
    attempt.checkNonce(nonce);
    if (!attempt.add(share)) return undefined;
    const token = await attempt.open(keyring, make);
    const encoded = password.use((bytes) => hide(token, bytes));
    this.#forget();
    return { encoded };
  }

  /** Gives it up. @throws ServiceError InvalidInput when `nonce` is given and names another one */
  cancel(nonce: string | undefined): void {
    if (nonce !== undefined) this.#current?.attempt.checkNonce(nonce);
    this.#forget();
  }

  /** Wipes what is in memory. */
  close(): void {
    this.#forget();
  }

  #forget(): void {
    this.#current?.attempt.progress.reset();
    this.#current?.password.dispose();
    this.#current = undefined;
  }
}

function hide(token: string, password: Uint8Array): string {
  const bytes = Buffer.from(token);
  for (let index = 0; index < bytes.length; index += 1) bytes[index]! ^= password[index % password.length]!;
  return bytes.toString("base64").replace(/=+$/, "");
}

/** Letters and digits, each as likely as the others: bytes beyond the last whole multiple of 62 are dropped. */
function newPassword(randomness: Core["randomness"]): string {
  const most = 256 - (256 % base62.length);
  let password = "";
  while (password.length < rootTokenChars) {
    for (const byte of randomness.bytes(rootTokenChars)) {
      if (byte < most && password.length < rootTokenChars) password += base62[byte % base62.length];
    }
  }
  return password;
}
