/**
 * The policy `default`, which every token has unless it was made without: what a token may do to itself. The paths and
 * capabilities are those of Vault's and OpenBao's; operators may change it, not delete it.
 */
export const defaultVaultPolicy = `# What every token may do to itself: read, renew and revoke.
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self"  { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }

# Ask what it may do.
path "sys/capabilities-self"        { capabilities = ["update"] }
path "sys/internal/ui/resultant-acl" { capabilities = ["read"] }

# Read the entity that it belongs to.
path "identity/entity/id/{{identity.entity.id}}"     { capabilities = ["read"] }
path "identity/entity/name/{{identity.entity.name}}" { capabilities = ["read"] }

# Renew and look up leases whose id it knows; sys/renew is the old path.
path "sys/renew"         { capabilities = ["update"] }
path "sys/leases/renew"  { capabilities = ["update"] }
path "sys/leases/lookup" { capabilities = ["update"] }

# Keep secrets of its own.
path "cubbyhole/*" { capabilities = ["create", "read", "update", "delete", "list"] }

# Wrap answers, and open what was wrapped for it.
path "sys/wrapping/wrap"   { capabilities = ["update"] }
path "sys/wrapping/lookup" { capabilities = ["update"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }

# Hash, and ask how far a request that needs the consent of others has come.
path "sys/tools/hash"            { capabilities = ["update"] }
path "sys/tools/hash/*"          { capabilities = ["update"] }
path "sys/control-group/request" { capabilities = ["update"] }

# Sign in elsewhere with its identity.
path "identity/oidc/provider/+/authorize" { capabilities = ["read", "update"] }
`;

/** The policy `response-wrapping`, which wrapping tokens have, and nobody can change or give away (OpenBao's). */
export const responseWrappingVaultPolicy = `path "cubbyhole/response" { capabilities = ["create", "read"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
`;
