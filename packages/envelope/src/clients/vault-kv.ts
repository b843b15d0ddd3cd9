import { EnvelopeError } from "../errors.ts";
import { isRecord } from "./http-call.ts";
import { callVault, type VaultOptions } from "./vault-transit.ts";

/** How to reach a secrets engine of type KV, version 2. */
export interface KvClientOptions extends VaultOptions {
  /** Default `secret`. */
  readonly mount?: string | undefined;
}

/** The newest version of a secret. */
export interface KvSecret {
  readonly data: Readonly<Record<string, unknown>>;
  /** Counts from 1. */
  readonly version: number;
}

/** The calls of Vault's KV version 2 that branch keys need. Source: Vault API, secret/kv/kv-v2. */
export interface KvClient {
  /** @returns undefined when there is no such secret. @throws EnvelopeError ServiceRefused, ServiceUnavailable */
  read(path: string): Promise<KvSecret | undefined>;
  /**
   * @param afterVersion the version that must be the newest (check-and-set); 0: there must be none
   * @returns whether it was written: not when another version is the newest
   * @throws EnvelopeError ServiceRefused, ServiceUnavailable
   */
  write(path: string, data: Readonly<Record<string, string>>, afterVersion: number): Promise<boolean>;
}

/**
 * A client of Vault's KV engine over `fetch`.
 *
 * @throws EnvelopeError InvalidInput; its methods ServiceRefused, ServiceUnavailable
 */
export function kvClient(options: KvClientOptions): KvClient {
  const mount = (options.mount ?? "secret").replace(/^\/+|\/+$/g, "");
  const pathOf = (path: string) => `${mount}/data/${path.split("/").map(encodeURIComponent).join("/")}`;
  return {
    async read(path) {
      const answer = await unlessRefused(
        () => callVault(options, "GET", pathOf(path)),
        ({ status }) => status === 404,
      );
      if (answer === undefined) return undefined;
      const { data, metadata } = answer;
      const version = isRecord(metadata) ? metadata["version"] : undefined;
      if (isRecord(data) && typeof version === "number") return { data, version };
      throw new EnvelopeError(
        "ServiceRefused",
        `The Vault server's answer for ${mount}/${path} is no secret of KV version 2.`,
      );
    },
    async write(path, data, afterVersion) {
      const written = await unlessRefused(
        () => callVault(options, "POST", pathOf(path), { data, options: { cas: afterVersion } }),
        ({ status, message }) => status === 400 && message.includes("check-and-set"),
      );
      return written !== undefined;
    },
  };
}

/** @returns undefined for the refusal that is expected */
async function unlessRefused<T>(
  call: () => Promise<T>,
  expected: (error: EnvelopeError) => boolean,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof EnvelopeError && expected(error)) return undefined;
    throw error;
  }
}
