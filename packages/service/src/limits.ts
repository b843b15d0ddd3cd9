import { documentLimits, maxDocumentAgeMs } from "@coffer/attestation";
import { vaultPolicyLimits } from "@coffer/policy";

/** One documented limit of the core. `unit` reads after the number. */
export interface Limit {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What is limited and where the figure comes from. */
  readonly about: string;
}

function limit(name: string, value: number, unit: string, about: string): Limit {
  return { name, value, unit, about };
}

/** The core's limits, each once. The wires and the HTTP adapter have tables of their own. */
export const limits = {
  plaintextBytes: limit(
    "plaintextBytes",
    4096,
    "bytes",
    "plaintext of one AWS KMS Encrypt or REST encrypt (AWS KMS: Encrypt)",
  ),
  ciphertextBytes: limit("ciphertextBytes", 6144, "bytes", "ciphertext blob of one Decrypt (AWS KMS: Decrypt)"),
  publicKeyBytes: limit(
    "publicKeyBytes",
    8192,
    "bytes",
    "the other side's public key of one DeriveSharedSecret (AWS KMS: DeriveSharedSecret)",
  ),
  transitPlaintextBytes: limit("transitPlaintextBytes", 524_288, "bytes", "plaintext of one Transit item"),
  dataKeyBytes: limit("dataKeyBytes", 1024, "bytes", "length of a data key (AWS KMS: GenerateDataKey)"),
  randomBytes: limit("randomBytes", 1024, "bytes", "GenerateRandom (AWS KMS: GenerateRandom)"),
  transitRandomBytes: limit("transitRandomBytes", 131_072, "bytes", "Vault's transit/random (Vault: maxBytes 128 KiB)"),
  encryptionContextBytes: limit(
    "encryptionContextBytes",
    8192,
    "bytes",
    "encryption context as it is bound: keys and values in UTF-8, and 4 bytes, and 8 a pair",
  ),
  attestationDocumentBytes: limit(
    "attestationDocumentBytes",
    documentLimits.envelopeBytes,
    "bytes",
    "attestation document of a Recipient (AWS Nitro Enclaves: a payload of 16 KiB, and its signature)",
  ),
  attestationCertificates: limit(
    "attestationCertificates",
    documentLimits.bundleCertificates,
    "certificates",
    "cabundle of an attestation document; AWS sends four",
  ),
  attestationAgeMs: limit(
    "attestationAgeMs",
    maxDocumentAgeMs,
    "ms",
    "how far the timestamp of an attestation document may be off",
  ),
  batchItems: limit("batchItems", 10_000, "items", "Transit batch_input"),
  jsonDepth: limit("jsonDepth", 32, "levels", "nesting of a JSON body"),
  policyBytes: limit("policyBytes", 32_768, "bytes", "key policy document (AWS KMS: PutKeyPolicy)"),
  identityPolicyBytes: limit(
    "identityPolicyBytes",
    6144,
    "bytes",
    "identity policy document (IAM quota for managed policies)",
  ),
  vaultPolicyBytes: limit("vaultPolicyBytes", vaultPolicyLimits.textBytes, "bytes", "text of a Vault ACL policy"),
  vaultPolicyPaths: limit("vaultPolicyPaths", vaultPolicyLimits.paths, "paths", "`path` blocks of a Vault ACL policy"),
  vaultPolicyDepth: limit(
    "vaultPolicyDepth",
    vaultPolicyLimits.depth,
    "levels",
    "lists and objects inside one another in a Vault ACL policy",
  ),
  vaultPolicyNameChars: limit("vaultPolicyNameChars", 256, "characters", "name of a Vault policy"),
  waitingSealEvents: limit(
    "waitingSealEvents",
    1000,
    "records",
    "audit records about the seal that wait in memory while the trail is closed; more are told to the operator alone",
  ),
  pathChars: limit("pathChars", 512, "characters", "path of a user, role or policy (IAM: pathType)"),
  trustPolicyChars: limit(
    "trustPolicyChars",
    2048,
    "characters",
    "trust policy of a role, white space apart (IAM quota)",
  ),
  attachedPolicies: limit("attachedPolicies", 10, "policies", "managed policies on a principal (IAM quota)"),
  policyVersions: limit("policyVersions", 5, "versions", "versions of a managed policy (IAM quota)"),
  oidcClientIds: limit("oidcClientIds", 100, "client ids", "client ids of an OpenID Connect provider (IAM quota)"),
  sessionTokenChars: limit(
    "sessionTokenChars",
    8192,
    "characters",
    "session token: the session's policies, policy ARNs and tags are in it",
  ),
  identityPolicies: limit("identityPolicies", 10, "policies", "identity policies a principal (IAM quota)"),
  descriptionChars: limit("descriptionChars", 8192, "characters", "key description (AWS KMS: CreateKey)"),
  tags: limit("tags", 50, "tags", "tags a key (AWS KMS quota)"),
  tagKeyChars: limit("tagKeyChars", 128, "characters", "tag key (AWS KMS: Tag)"),
  tagValueChars: limit("tagValueChars", 256, "characters", "tag value (AWS KMS: Tag)"),
  aliasNameChars: limit("aliasNameChars", 256, "characters", "alias name with its prefix (AWS KMS: CreateAlias)"),
  keyReferenceChars: limit(
    "keyReferenceChars",
    2048,
    "characters",
    "key id, key ARN, alias name or alias ARN (AWS KMS: KeyIdType)",
  ),
  aliasesPerKey: limit("aliasesPerKey", 50, "aliases", "aliases a key (AWS KMS quota)"),
  importTokenHours: limit("importTokenHours", 24, "hours", "life of an import token (AWS KMS: GetParametersForImport)"),
  importExpiryDays: limit(
    "importExpiryDays",
    365,
    "days",
    "longest time until imported material expires (AWS KMS: ImportKeyMaterial)",
  ),
  importedVersions: limit(
    "importedVersions",
    100,
    "materials",
    "materials of a key with imported material; rotations on demand end before",
  ),
  materialDescriptionChars: limit(
    "materialDescriptionChars",
    256,
    "characters",
    "description of imported material (AWS KMS: ImportKeyMaterial)",
  ),
  onDemandRotations: limit(
    "onDemandRotations",
    25,
    "rotations",
    "RotateKeyOnDemand a key (AWS KMS: RotateKeyOnDemand)",
  ),
  rotationPeriodMinDays: limit("rotationPeriodMinDays", 90, "days", "shortest rotation period through AWS KMS"),
  rotationPeriodMinHours: limit(
    "rotationPeriodMinHours",
    1,
    "hours",
    "shortest rotation period through Vault (Vault: auto_rotate_period)",
  ),
  rotationPeriodMaxDays: limit("rotationPeriodMaxDays", 2560, "days", "longest rotation period through AWS KMS"),
  pendingWindowMinDays: limit("pendingWindowMinDays", 7, "days", "shortest waiting period before destruction"),
  pendingWindowMaxDays: limit(
    "pendingWindowMaxDays",
    30,
    "days",
    "longest and default waiting period before destruction",
  ),
  accessKeysPerPrincipal: limit("accessKeysPerPrincipal", 2, "access keys", "access keys a user (IAM quota)"),
  identityPolicyNameChars: limit(
    "identityPolicyNameChars",
    128,
    "characters",
    "name of an identity policy (IAM: PutUserPolicy)",
  ),
  tokensPerPrincipal: limit("tokensPerPrincipal", 1000, "tokens", "tokens of a principal that have not expired"),
  tokenLifetimeDays: limit("tokenLifetimeDays", 3650, "days", "longest lifetime of a token that expires"),
  tokenNameChars: limit("tokenNameChars", 256, "characters", "display name of a token"),
  principalNameChars: limit("principalNameChars", 64, "characters", "user or role name (IAM: CreateUser)"),
  customKeyStores: limit(
    "customKeyStores",
    10,
    "key stores",
    "custom key stores an account and region (AWS KMS quota)",
  ),
  keyStoreNameChars: limit(
    "keyStoreNameChars",
    256,
    "characters",
    "name of a custom key store (AWS KMS: CreateCustomKeyStore)",
  ),
  cachedKeyStores: limit("cachedKeyStores", 1000, "key stores", "custom key stores held in memory"),
  xksTimeoutMs: limit(
    "xksTimeoutMs",
    250,
    "ms",
    "one call of an external key store proxy, connecting included (XKS Proxy API: KMS considerations)",
  ),
  xksAnswerBytes: limit("xksAnswerBytes", 32_768, "bytes", "answer of an external key store proxy"),
  auditDevices: limit("auditDevices", 20, "audit devices", "audit devices of the Vault API"),
  auditDeviceOptions: limit("auditDeviceOptions", 20, "options", "options of an audit device of the Vault API"),
  mounts: limit("mounts", 200, "mounts", "Vault mounts of the instance; all are held in memory"),
  mountPathChars: limit("mountPathChars", 100, "characters", "path of a Vault mount: part of its keys' alias names"),
  mountDescriptionChars: limit("mountDescriptionChars", 8192, "characters", "description of a Vault mount"),
  mountConfigBytes: limit("mountConfigBytes", 16_384, "bytes", "settings and options of a Vault mount, as JSON"),
  pageItems: limit("pageItems", 1000, "items", "one page of any listing"),
  requestQuotaBuckets: limit(
    "requestQuotaBuckets",
    10_000,
    "quotas",
    "request quotas of accounts and regions that are counted at a time, where they are switched on",
  ),
  cachedKeys: limit(
    "cachedKeys",
    10_000,
    "keys",
    "keys, and as many aliases, held in memory; the rest is read when used",
  ),
  cachedVersionsPerKey: limit("cachedVersionsPerKey", 8, "versions", "unwrapped versions of one key held in memory"),
  unwrittenKeyUses: limit(
    "unwrittenKeyUses",
    100_000,
    "keys",
    "keys whose last use waits in memory to be written, which takes a minute; with more, the one that waits longest is forgotten",
  ),
  cachedIdentities: limit("cachedIdentities", 10_000, "credentials", "access keys and tokens held in memory"),
  grantTokens: limit("grantTokens", 10, "grant tokens", "grant tokens a request (AWS KMS: GrantTokens)"),
  grantConstraintPairs: limit(
    "grantConstraintPairs",
    8,
    "pairs",
    "encryption context of a grant constraint (AWS KMS: CreateGrant)",
  ),
  grantConstraintChars: limit(
    "grantConstraintChars",
    384,
    "characters",
    "encryption context of a grant constraint: keys and values together (AWS KMS: CreateGrant)",
  ),
  cachedGrantees: limit(
    "cachedGrantees",
    10_000,
    "pairs of a key and a principal",
    "whose grants are held in memory; the rest is read when used",
  ),
  authNames: limit(
    "authNames",
    10_000,
    "names",
    "names of one list of an auth method: roles, users, accessors; `after` goes on from there",
  ),
  passwordBytes: limit("passwordBytes", 4096, "bytes", "password of a user of userpass"),
  waitingPasswords: limit(
    "waitingPasswords",
    200,
    "logins",
    "logins that wait for their password to be hashed, two at a time; more are asked to try again",
  ),
  countedUsers: limit("countedUsers", 100_000, "users", "users whose failed logins are counted in memory"),
  countedUnknownUsers: limit(
    "countedUnknownUsers",
    10_000,
    "names",
    "names of no user whose failed logins are counted, so that they are refused alike",
  ),
  appRoleIdBytes: limit(
    "appRoleIdBytes",
    4096,
    "bytes",
    "role id or secret id of the caller's own (OpenBao: maxHmacInputLength)",
  ),
  cachedGrants: limit("cachedGrants", 200_000, "grants", "grants held in memory; with more, all are read anew"),
} as const satisfies Record<string, Limit>;
