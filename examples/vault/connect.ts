import vault from "node-vault";

/** A Vault client for VAULT_ADDR and VAULT_TOKEN; the dev server that `make vault-up` starts when they are not set. */
export function connect(): vault.client {
  return vault({
    endpoint: process.env["VAULT_ADDR"] ?? "http://127.0.0.1:8200",
    token: process.env["VAULT_TOKEN"] ?? "root-token",
  });
}

/** The key that `make vault-setup` makes. */
export const keyName = "my-app-key";
