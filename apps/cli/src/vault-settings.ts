import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { VaultOptions } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import type { Invocation } from "./command.ts";
import type { StoredCredentials } from "./stored-credentials.ts";
import { trustAuthorities, trustCertificates, trustFolder } from "./trusted-authorities.ts";

/** Variables of the Vault CLI that change whom it talks to, and that this one cannot follow. */
const notHonoured: readonly string[] = [
  "VAULT_CLIENT_CERT",
  "VAULT_CLIENT_KEY",
  "VAULT_HTTP_PROXY",
  "VAULT_PROXY_ADDR",
  "VAULT_TLS_SERVER_NAME",
];

/**
 * The Vault server of the Vault CLI's variables and token file; without VAULT_ADDR, the Coffer server that COFFER_ENDPOINT or
 * its credentials file names, with its own token. Source: Vault documentation, "Vault CLI", environment variables.
 *
 * @throws OperatorError when there is no address or token, or a variable asks for what this command cannot do
 */
export function readVaultSettings(invocation: Invocation, stored: StoredCredentials | undefined): VaultOptions {
  const { environment, homeDirectory } = invocation;
  const namespace = environment["VAULT_NAMESPACE"] || undefined;
  const address = environment["VAULT_ADDR"];
  if (!address) return { ...readCoffer(environment, stored), namespace };
  if (/^(1|t|true)$/i.test(environment["VAULT_SKIP_VERIFY"] ?? "")) {
    throw new OperatorError(
      "VAULT_SKIP_VERIFY is not honoured: name the server's authority with --ca-file FILE or VAULT_CACERT.",
    );
  }
  const refused = notHonoured.find((name) => Boolean(environment[name]));
  if (refused !== undefined) {
    throw new OperatorError(`${refused} is not honoured: unset it, or put a Vault agent or proxy at VAULT_ADDR.`);
  }
  trustVaultAuthorities(invocation);
  const token = environment["VAULT_TOKEN"] || readTokenFile(homeDirectory);
  if (token === undefined) throw new OperatorError("set VAULT_TOKEN, or log in so that ~/.vault-token is there.");
  return { address, token, namespace };
}

function readCoffer(
  environment: Invocation["environment"],
  stored: StoredCredentials | undefined,
): Pick<VaultOptions, "address" | "token"> {
  const address = environment["COFFER_ENDPOINT"] || stored?.endpoint;
  const token = environment["COFFER_TOKEN"] || stored?.token;
  if (address !== undefined && token !== undefined) return { address, token };
  throw new OperatorError(
    "set VAULT_ADDR to the URL of the Vault server, such as http://127.0.0.1:8200, and VAULT_TOKEN; for a Coffer server, COFFER_ENDPOINT and COFFER_TOKEN.",
  );
}

/** The first that is there, as the Vault CLI takes it. */
function trustVaultAuthorities(invocation: Invocation): void {
  const { VAULT_CACERT: file, VAULT_CACERT_BYTES: pem, VAULT_CAPATH: folder } = invocation.environment;
  if (file) trustAuthorities(invocation, [file]);
  else if (pem) trustCertificates(pem, "VAULT_CACERT_BYTES");
  else if (folder) trustFolder(invocation, folder);
}

function readTokenFile(homeDirectory: string): string | undefined {
  try {
    return readFileSync(resolve(homeDirectory, ".vault-token"), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}
