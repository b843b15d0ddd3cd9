/** A server that answers below `/v1/`, and a token. */
export interface VaultAccess {
  readonly address: string;
  readonly token: string;
}

/** Calls below `/v1/` and gives the answer's body. @throws {Error} with the status and the errors of a refusal */
// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
export type VaultCalls = (method: string, path: string, body?: unknown) => Promise<any>;

/** Makes the calls of one token. */
export function vaultCalls({ address, token }: VaultAccess): VaultCalls {
  return async (method, path, body) => {
    const response = await fetch(`${address}/v1/${path}`, {
      method,
      headers: { "X-Vault-Token": token },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
}
