import { findTransitType, keySpecs } from "../packages/crypto/src/index.ts";
import { describedAreas } from "../packages/wire-vault/src/areas.ts";
import type { Route } from "../packages/wire-vault/src/http/routes.ts";

const intro = `# The Vault API

What of the HashiCorp Vault and OpenBao API there is, from the tables that the server answers by. What differs is in
[divergences/vault.md](divergences/vault.md), how clients are pointed at Coffer in [clients.md](clients.md), sizes in
[LIMITS.md](LIMITS.md). The same as OpenAPI: \`GET /v1/sys/internal/specs/openapi\`.

A token made here has Vault's ACL policies, and they decide by path and capability; a key's own policy still binds it, with its
Deny and by what it does not delegate. A Transit key \`NAME\` on the mount \`transit\` is the KMS key \`alias/NAME\`, on
\`MOUNT\` it is \`alias/MOUNT/NAME\`. Whoever was refused gives the answer's \`X-Request-Id\` to an operator:
\`bin/coffer explain ID\` says which path, which capability and which line of which policy.`;

const example = `## An application's token, from nothing

With \`bin/coffer server --dev\`:

<!-- test: application-token -->
\`\`\`sh
set -e
export VAULT_ADDR=http://localhost:8200
bao() { curl -sS -H "X-Vault-Token: \${VAULT_TOKEN:-root-token}" -X "$1" -d "\${3:-{\\}}" "$VAULT_ADDR/v1/$2"; }
field() { sed -n "s/.*\\"$1\\":\\"\\([^\\"]*\\)\\".*/\\1/p"; }
bao POST sys/mounts/transit '{"type":"transit"}'
bao POST transit/keys/orders '{"type":"chacha20-poly1305"}' > created.json
bao POST sys/policies/acl/orders '{"policy":"path \\"transit/encrypt/orders\\" { capabilities = [\\"update\\"] }"}'
bao POST sys/auth/approle '{"type":"approle"}'
bao POST auth/approle/role/shop '{"token_policies":"orders"}'
role=$(bao GET auth/approle/role/shop/role-id | field role_id)
secret=$(bao POST auth/approle/role/shop/secret-id | field secret_id)
export VAULT_TOKEN=$(bao POST auth/approle/login "{\\"role_id\\":\\"$role\\",\\"secret_id\\":\\"$secret\\"}" | field client_token)
bao POST transit/encrypt/orders "{\\"plaintext\\":\\"$(printf hello | base64)\\"}" | field ciphertext | cut -c1-9
bao POST transit/decrypt/orders '{"ciphertext":"vault:v1:AAAA"}'
\`\`\`

The last one is refused: the policy lets the shop encrypt and nothing else.`;

const secrets = `## Secrets

KV, versions 1 and 2, keeps any JSON object under a path. A version of a secret stays until it is destroyed or pruned: ten are
kept, unless \`max_versions\` of the secret or the mount says otherwise. What is deleted can be undeleted. \`cas\` lets a write through
only on the version that it names, 0 for none. All of it is wrapped by the keyring like keys; paths are not secret.

<!-- test: secrets -->
\`\`\`sh
set -e
export VAULT_ADDR=http://localhost:8200
bao() { curl -sS -H "X-Vault-Token: \${VAULT_TOKEN:-root-token}" -X "$1" -d "\${3:-{\\}}" "$VAULT_ADDR/v1/$2"; }
field() { sed -n "s/.*\\"$1\\":\\"\\([^\\"]*\\)\\".*/\\1/p"; }
bao POST sys/mounts/secret '{"type":"kv","options":{"version":"2"}}'
bao POST secret/data/shop/db '{"data":{"password":"one"},"options":{"cas":0}}' > written.json
bao POST secret/data/shop/db '{"data":{"password":"two"},"options":{"cas":1}}' > written.json
bao GET secret/data/shop/db | field password; echo
bao GET 'secret/data/shop/db?version=1' | field password; echo
bao LIST secret/metadata/shop | sed 's/.*"data":\\([^}]*}\\).*/\\1/'; echo
bao POST secret/data/shop/db '{"data":{"password":"three"},"options":{"cas":1}}'
\`\`\`

The last one is refused: somebody else wrote version 2. A disabled mount takes its secrets with it, out of reach at once; Transit's
keys stay, and show again under the same path. A mount of version 1 becomes one of version 2 by \`tune\` with \`options\`; until its
secrets are versions, which takes moments, it answers 400.

MariaDB's \`hashicorp_key_management\` reads a mount of version 2: a key is a secret whose path is its number and whose member
\`data\` is the key in hex. Its token may read \`MOUNT/data/*\` and \`sys/mounts/MOUNT/tune\`. Set \`max_versions\` so high that no
version is pruned that a table still needs.`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const code = (text: string) => `\`${text}\``;

function routeRow({ pattern, operations, open = [], sudo = [] }: Route): readonly string[] {
  const path = pattern
    .split("/")
    .map((segment) => (segment === "*" ? "PATH" : segment.replace(/^:(\w+)$/, (_, name) => name.toUpperCase())))
    .join("/");
  const needs = [...open.map((name) => `no token to ${name}`), ...sudo.map((name) => `\`sudo\` to ${name}`)];
  return [code(path), Object.keys(operations).join(", "), needs.join("; ")];
}

function areaSection({ prefix, defaultPath, routes }: ReturnType<typeof describedAreas>[number]): string {
  const title =
    defaultPath === undefined ? prefix : `${prefix.slice(1, -"_mount_path}".length)}, usually at ${defaultPath}`;
  return `### ${title}\n\n${table(["Path", "Operations", "Needs"], routes.map(routeRow))}`;
}

function keyTypes(): string {
  const specs = [...keySpecs.keys(), "AES_128", "CHACHA20_POLY1305", "XCHACHA20_POLY1305", "HMAC_LONG"];
  const rows = specs.flatMap((spec) => {
    const type = findTransitType(spec);
    if (type === undefined) return [];
    const set = type.parameterSet === undefined ? "" : `, \`parameter_set\` ${type.parameterSet}`;
    const does = [
      ...(type.encryption === undefined ? [] : ["encrypt"]),
      ...(type.signing ? ["sign"] : []),
      "hmac",
      ...(type.derivation ? ["derive"] : []),
    ];
    return [[`${code(type.type)}${set}`, code(spec), does.join(", ")]];
  });
  return `## Key types of Transit\n\n${table(["Type", "Key spec", "What it does"], rows)}`;
}

/** The page docs/VAULT.md. */
export function renderVaultDocs(): string {
  const sections = describedAreas().map(areaSection).join("\n\n");
  const head =
    "An operation is what ACL policies know: `update` is POST or PUT, `list` is LIST or `GET ?list=true`, `scan` is `GET ?scan=true`.";
  return `${intro}\n\n${example}\n\n${secrets}\n\n${keyTypes()}\n\n## Endpoints\n\n${head}\n\n${sections}\n`;
}
