import { EnvelopeError } from "../errors.ts";
import { isRecord } from "./http-call.ts";
import { callVault, encodePath, trimSlashes, type VaultOptions } from "./vault-transit.ts";

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
  const mount = trimSlashes(options.mount ?? "secret");
  const pathOf = (path: string) => `${encodePath(mount)}/data/${encodePath(path)}`;
  const client: KvClient = {
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
      if (written !== undefined) return true;
      // The refusal may be to a second attempt, after a first whose answer was lost.
      const newest = await client.read(path);
      return newest?.version === afterVersion + 1 && sameTexts(newest.data, data);
    },
  };
  return client;
}

function sameTexts(stored: Readonly<Record<string, unknown>>, written: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(written);
  return names.length === Object.keys(stored).length && names.every((name) => stored[name] === written[name]);
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
