import assert from "node:assert/strict";
import { limits } from "@coffer/service";
import { atLeast, base64Of, bounded, countable, elsewhere, type LimitCase, letters, newKey } from "./limit-cases.ts";
import { loginLimitCases } from "./limit-cases-logins.ts";
import { mountLimitCases } from "./limit-cases-mounts.ts";
import type { TokenLimit } from "./limit-cases-tokens.ts";
import { assertRefusal } from "./refusals.ts";
import { succeeded, type Wires } from "./wires.ts";

const KeyId = "alias/canary";
const valid = /^ValidationException: /;
const daySeconds = 86_400;

const policy = (bytes: number, statement: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Resource: "*", ...statement }] }).padEnd(
    bytes,
  );
const keyPolicy = (bytes: number) =>
  policy(bytes, { Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*" });
const userPolicy = (bytes: number) => policy(bytes, { Action: "kms:Encrypt" });

/** Makes the user of a test, unless it is there. */
async function ensureUser(wires: Wires, name: string): Promise<string> {
  const made = await wires.rest("POST", "/admin/principals", { kind: "user", name });
  assert.ok(made.status === 201 || made.status === 409, String(made));
  return `user/${name}`;
}

/** Gives a grant of the canary key to the account root. */
async function createGrant(wires: Wires, context: object) {
  const { json } = await wires.aws("DescribeKey", { KeyId });
  const grantee = "arn:aws:iam::000000000000:root";
  return wires.aws("CreateGrant", {
    KeyId: json.KeyMetadata.KeyId,
    GranteePrincipal: grantee,
    Operations: ["Encrypt"],
    Constraints: { EncryptionContextSubset: context },
  });
}

const tags = (count: number) => Array.from({ length: count }, (_, at) => ({ TagKey: `t${at}`, TagValue: "" }));

const passwordPolicy = (length: number, charset: string) =>
  `length = ${length}\nrule "charset" { charset = "${charset}" }`;
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

/** One case for each limit of the core. */
export const coreLimitCases: Readonly<Record<Exclude<keyof typeof limits, TokenLimit>, LimitCase>> = {
  plaintextBytes: bounded(
    "rest",
    limits.plaintextBytes.value,
    (wires, size) => wires.rest("POST", "/encrypt", { key_id: "canary", plaintext: letters(size) }),
    "InvalidInput",
  ),
  ciphertextBytes: bounded(
    "aws",
    limits.ciphertextBytes.value,
    (wires, size) => wires.aws("Decrypt", { CiphertextBlob: base64Of(size) }),
    /^ValidationException: .*'ciphertextBlob'.*length less than or equal to 6144$/,
    /^InvalidCiphertextException/,
  ),
  publicKeyBytes: bounded(
    "aws",
    limits.publicKeyBytes.value,
    (wires, size) =>
      wires.aws("DeriveSharedSecret", { KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey: base64Of(size) }),
    /^ValidationException: .*'publicKey'.*length less than or equal to 8192$/,
    /^InvalidKeyUsageException/,
  ),
  transitPlaintextBytes: bounded(
    "vault",
    limits.transitPlaintextBytes.value,
    (wires, size) => wires.vault("POST", "transit/encrypt/canary", { plaintext: base64Of(size) }),
    /^the plaintext has 524289 bytes/,
  ),
  dataKeyBytes: bounded(
    "aws",
    limits.dataKeyBytes.value,
    (wires, NumberOfBytes) => wires.aws("GenerateDataKey", { KeyId, NumberOfBytes }),
    valid,
  ),
  randomBytes: bounded(
    "aws",
    limits.randomBytes.value,
    (wires, NumberOfBytes) => wires.aws("GenerateRandom", { NumberOfBytes }),
    valid,
  ),
  transitRandomBytes: bounded(
    "vault",
    limits.transitRandomBytes.value,
    (wires, bytes) => wires.vault("POST", "transit/random", { bytes }),
    /^'bytes' should be less than 131072$/,
  ),
  encryptionContextBytes: bounded(
    "rest",
    limits.encryptionContextBytes.value,
    (wires, size) =>
      wires.rest("POST", "/encrypt", { key_id: "canary", plaintext: "x", context: { k: letters(size - 4 - 8 - 1) } }),
    "InvalidInput",
  ),
  attestationDocumentBytes: bounded(
    "aws",
    limits.attestationDocumentBytes.value,
    (wires, size) =>
      wires.aws("GenerateRandom", { NumberOfBytes: 1, Recipient: { AttestationDocument: base64Of(size) } }),
    /^ValidationException: The attestation document is too large\.$/,
    /^ValidationException: The attestation document is not valid CBOR\.$/,
  ),
  attestationCertificates: elsewhere(
    "packages/attestation/src/verify-attestation.test.ts",
    "documentLimits.bundleCertificates",
  ),
  attestationAgeMs: elsewhere(
    "packages/attestation/src/verify-attestation.test.ts",
    "refuses a document that is too old, or made too far ahead",
  ),
  batchItems: bounded(
    "vault",
    limits.batchItems.value,
    (wires, count) =>
      wires.vault("POST", "transit/encrypt/canary", { batch_input: Array(count).fill({ plaintext: "" }) }),
    "batch_input has 10001 items; at most 10000 are allowed",
  ),
  jsonDepth: bounded(
    "aws",
    limits.jsonDepth.value,
    (wires, depth) => wires.aws("ListKeys", `{"Ignored":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`),
    /^SerializationException: .*32 levels/,
  ),
  policyBytes: async (server) => {
    const governed = await newKey(server.wires);
    await bounded(
      "aws",
      limits.policyBytes.value,
      (wires, size) => wires.aws("PutKeyPolicy", { KeyId: governed, Policy: keyPolicy(size) }),
      /^(?:LimitExceeded|MalformedPolicyDocument|Validation)Exception: /,
    )(server);
  },
  identityPolicyBytes: bounded(
    "rest",
    limits.identityPolicyBytes.value,
    async (wires, size) =>
      wires.rest("PUT", `/admin/policies/large?principal=${await ensureUser(wires, "large")}`, userPolicy(size)),
    /InvalidInput|LimitExceeded|PolicyMalformed/,
  ),
  vaultPolicyBytes: bounded(
    "vault",
    limits.vaultPolicyBytes.value,
    (wires, size) => wires.vault("POST", "sys/policies/acl/large", { policy: `#${letters(size - 1)}` }),
    /larger than 131072 bytes/,
  ),
  vaultPolicyPaths: bounded(
    "vault",
    limits.vaultPolicyPaths.value,
    (wires, count) => {
      const paths = Array.from({ length: count }, (_, at) => `path "p${at}" {}`);
      return wires.vault("POST", "sys/policies/acl/long", { policy: paths.join("\n") });
    },
    /more than 1000 paths/,
  ),
  vaultPolicyDepth: bounded(
    "vault",
    limits.vaultPolicyDepth.value,
    // The path and its parameters are two levels.
    (wires, depth) => {
      const value = `${"[".repeat(depth - 2)}${"]".repeat(depth - 2)}`;
      const policy = `path "a" { allowed_parameters = { "b" = ${value} } }`;
      return wires.vault("POST", "sys/policies/acl/deep", { policy });
    },
    /nested more than 16 deep/,
  ),
  vaultPolicyNameChars: bounded(
    "vault",
    limits.vaultPolicyNameChars.value,
    (wires, chars) => wires.vault("POST", `sys/policies/acl/${letters(chars)}`, { policy: 'path "a" {}' }),
    "a policy name has at most 256 characters",
  ),
  waitingSealEvents: elsewhere("apps/server/src/seal-events.test.ts", "limits.waitingSealEvents.value"),
  vaultPasswordChars: bounded(
    "vault",
    limits.vaultPasswordChars.value,
    (wires, length) => wires.vault("POST", "sys/policies/password/long", { policy: passwordPolicy(length, "ab") }),
    /passwords must be between 4 and 100 characters/,
  ),
  vaultPasswordCharset: bounded(
    "vault",
    limits.vaultPasswordCharset.value,
    (wires, count) => {
      // Chinese characters: all of them printable.
      const charset = String.fromCodePoint(...Array.from({ length: count }, (_, at) => 0x4e00 + at));
      return wires.vault("POST", "sys/policies/password/wide", { policy: passwordPolicy(20, charset) });
    },
    /charset is too long: limited to 256 characters/,
  ),
  vaultIdentityNameChars: bounded(
    "vault",
    limits.vaultIdentityNameChars.value,
    (wires, chars) => wires.vault("POST", "identity/entity", { name: letters(chars) }),
    "entity name has more than 512 characters",
  ),
  vaultIdentityPolicies: bounded(
    "vault",
    limits.vaultIdentityPolicies.value,
    (wires, count) => wires.vault("POST", "identity/entity", { policies: numbered("p", count) }),
    "more than 100 policies",
  ),
  vaultMetadataPairs: bounded(
    "vault",
    limits.vaultMetadataPairs.value,
    (wires, count) =>
      wires.vault("POST", "identity/entity", { metadata: numbered("k", count).map((key) => `${key}=v`) }),
    "metadata has more than 64 pairs",
  ),
  vaultMetadataKeyChars: bounded(
    "vault",
    limits.vaultMetadataKeyChars.value,
    (wires, chars) => wires.vault("POST", "identity/entity", { metadata: { [letters(chars)]: "v" } }),
    "a key of metadata has more than 128 characters",
  ),
  vaultMetadataValueChars: bounded(
    "vault",
    limits.vaultMetadataValueChars.value,
    (wires, chars) => wires.vault("POST", "identity/entity", { metadata: { k: letters(chars) } }),
    "a value of metadata has more than 512 characters",
  ),
  vaultGroupMembers: bounded(
    "vault",
    limits.vaultGroupMembers.value,
    (wires, count) => wires.vault("POST", "identity/group", { member_entity_ids: numbered("nobody", count) }),
    "a group has at most 500 members of a kind",
    /^invalid entity ID/,
  ),
  async vaultMergedEntities(server) {
    const { id } = (await server.wires.vault("POST", "identity/entity", {})).json.data;
    await bounded(
      "vault",
      limits.vaultMergedEntities.value,
      (wires, count) => {
        const body = { from_entity_ids: numbered("nobody", count), to_entity_id: id };
        return wires.vault("POST", "identity/entity/merge", body);
      },
      "at most 100 entities can be merged at once",
      /^entity id to merge from is invalid/,
    )(server);
  },
  vaultLoginGroups: elsewhere("packages/wire-vault/test/identity.test.ts", "limits.vaultLoginGroups.value"),
  async vaultEntityGroups(server) {
    const { id } = (await server.wires.vault("POST", "identity/entity", {})).json.data;
    await countable(
      "vault",
      limits.vaultEntityGroups.value,
      (wires, n) => wires.vault("POST", "identity/group", { name: `many${n}`, member_entity_ids: [id] }),
      "an entity is in at most 100 groups",
    )(server);
  },
  pathChars: elsewhere("packages/wire-aws/test/iam.test.ts", "limits.pathChars.value"),
  trustPolicyChars: elsewhere("packages/wire-aws/test/iam.test.ts", "limits.trustPolicyChars.value"),
  attachedPolicies: elsewhere("packages/wire-aws/test/iam.test.ts", "limits.attachedPolicies.value"),
  policyVersions: elsewhere("packages/wire-aws/test/iam.test.ts", "limits.policyVersions.value"),
  oidcClientIds: elsewhere("packages/wire-aws/test/iam.test.ts", "limits.oidcClientIds.value"),
  sessionTokenChars: elsewhere("packages/wire-aws/test/sessions.test.ts", "limits.sessionTokenChars.value"),
  identityPolicies: countable(
    "rest",
    limits.identityPolicies.value,
    async (wires, n) =>
      wires.rest("PUT", `/admin/policies/p${n}?principal=${await ensureUser(wires, "many")}`, userPolicy(0)),
    "LimitExceeded",
  ),
  descriptionChars: bounded(
    "aws",
    limits.descriptionChars.value,
    (wires, size) => wires.aws("CreateKey", { Description: letters(size) }),
    valid,
  ),
  tags: bounded(
    "aws",
    limits.tags.value,
    (wires, count) => wires.aws("CreateKey", { Tags: tags(count) }),
    /^(?:TagException|LimitExceededException)/,
  ),
  tagKeyChars: bounded(
    "aws",
    limits.tagKeyChars.value,
    (wires, size) => wires.aws("CreateKey", { Tags: [{ TagKey: letters(size), TagValue: "" }] }),
    valid,
  ),
  tagValueChars: bounded(
    "aws",
    limits.tagValueChars.value,
    (wires, size) => wires.aws("CreateKey", { Tags: [{ TagKey: "a", TagValue: letters(size) }] }),
    valid,
  ),
  aliasNameChars: bounded(
    "aws",
    limits.aliasNameChars.value,
    async (wires, size) =>
      wires.aws("CreateAlias", {
        AliasName: `alias/${letters(size - "alias/".length)}`,
        TargetKeyId: await newKey(wires),
      }),
    valid,
  ),
  keyReferenceChars: bounded(
    "aws",
    limits.keyReferenceChars.value,
    (wires, size) => wires.aws("DescribeKey", { KeyId: letters(size) }),
    /^ValidationException: .*'keyId'.*length less than or equal to 2048$/,
    /^NotFoundException/,
  ),
  aliasesPerKey: async (server) => {
    const TargetKeyId = await newKey(server.wires);
    await countable(
      "aws",
      limits.aliasesPerKey.value,
      (wires, n) => wires.aws("CreateAlias", { AliasName: `alias/of-one-key-${n}`, TargetKeyId }),
      "LimitExceededException",
    )(server);
  },
  importTokenHours: elsewhere("packages/wire-aws/test/imports.test.ts", "takes a token for a day, and no longer"),
  importExpiryDays: elsewhere("packages/wire-aws/test/imports.test.ts", "expires within 365 days"),
  importedVersions: elsewhere(
    "packages/wire-aws/test/imports.test.ts",
    "has no more materials than its rotations on demand make",
  ),
  keyCertificates: elsewhere(
    "packages/wire-vault/test/transit-certificates.test.ts",
    "keeps ten certificates of a version, and no more",
  ),
  materialDescriptionChars: elsewhere(
    "packages/wire-aws/test/imports.test.ts",
    "describes its materials in 256 characters",
  ),
  onDemandRotations: async (server) => {
    const rotated = await newKey(server.wires);
    await countable(
      "aws",
      limits.onDemandRotations.value,
      (wires) => wires.aws("RotateKeyOnDemand", { KeyId: rotated }),
      "LimitExceededException",
    )(server);
  },
  rotationPeriodMinDays: async (server) => {
    const rotated = await newKey(server.wires);
    await atLeast(
      "aws",
      limits.rotationPeriodMinDays.value,
      (wires, RotationPeriodInDays) => wires.aws("EnableKeyRotation", { KeyId: rotated, RotationPeriodInDays }),
      valid,
    )(server);
  },
  rotationPeriodMinHours: atLeast(
    "vault",
    limits.rotationPeriodMinHours.value * 3600,
    (wires, seconds) => wires.vault("POST", "transit/keys/other/config", { auto_rotate_period: `${seconds}s` }),
    /^auto rotate period must be 0 to disable or at least an hour$/,
  ),
  rotationPeriodMaxDays: async (server) => {
    const rotated = await newKey(server.wires);
    await bounded(
      "aws",
      limits.rotationPeriodMaxDays.value,
      (wires, RotationPeriodInDays) => wires.aws("EnableKeyRotation", { KeyId: rotated, RotationPeriodInDays }),
      valid,
    )(server);
  },
  pendingWindowMinDays: atLeast(
    "aws",
    limits.pendingWindowMinDays.value,
    async (wires, PendingWindowInDays) =>
      wires.aws("ScheduleKeyDeletion", { KeyId: await newKey(wires), PendingWindowInDays }),
    valid,
  ),
  pendingWindowMaxDays: bounded(
    "rest",
    limits.pendingWindowMaxDays.value,
    async (wires, days) => wires.rest("DELETE", `/keys/${await newKey(wires)}?days=${days}`),
    "InvalidInput",
  ),
  accessKeysPerPrincipal: countable(
    "rest",
    limits.accessKeysPerPrincipal.value,
    async (wires) => wires.rest("POST", "/admin/access-keys", { principal: await ensureUser(wires, "keys") }),
    "LimitExceeded",
  ),
  identityPolicyNameChars: bounded(
    "rest",
    limits.identityPolicyNameChars.value,
    async (wires, size) =>
      wires.rest(
        "PUT",
        `/admin/policies/${letters(size)}?principal=${await ensureUser(wires, "named")}`,
        userPolicy(0),
      ),
    "InvalidInput",
  ),
  tokensPerPrincipal: async (server) => {
    const principal = await ensureUser(server.wires, "tokens");
    await countable(
      "rest",
      limits.tokensPerPrincipal.value,
      (wires) => wires.rest("POST", "/admin/tokens", { principal }),
      "LimitExceeded",
    )(server);
  },
  tokenLifetimeDays: bounded(
    "rest",
    limits.tokenLifetimeDays.value * daySeconds,
    (wires, lifetime_seconds) => wires.rest("POST", "/admin/tokens", { principal: "root", lifetime_seconds }),
    "InvalidInput",
  ),
  tokenNameChars: elsewhere("apps/server/test/robustness/limit-cases-wires.ts", "restLimits.tokenNameChars.value"),
  principalNameChars: bounded(
    "rest",
    limits.principalNameChars.value,
    (wires, size) => wires.rest("POST", "/admin/principals", { kind: "role", name: letters(size) }),
    "InvalidInput",
  ),
  customKeyStores: elsewhere(
    "packages/service/src/operations/key-stores/custom-key-stores.test.ts",
    "limits.customKeyStores",
  ),
  keyStoreNameChars: elsewhere(
    "packages/service/src/operations/key-stores/custom-key-stores.test.ts",
    "limits.keyStoreNameChars",
  ),
  cachedKeyStores: elsewhere("packages/service/src/keys/caches.test.ts", "BoundedCache"),
  xksTimeoutMs: elsewhere("packages/xks/test/client.test.ts", "limits.xksTimeoutMs"),
  xksAnswerBytes: elsewhere("packages/xks/test/client.test.ts", "limits.xksAnswerBytes"),
  auditDevices: async ({ wires }) => {
    const enable = (name: string) =>
      wires.vault("POST", `sys/audit/${name}`, { type: "file", options: { file_path: "discard" } });
    for (let n = 0; n < limits.auditDevices.value; n += 1) succeeded(await enable(`device-${n}`));
    assertRefusal("vault", await enable("more"), 400, /20 audit devices/);
    for (let n = 0; n < limits.auditDevices.value; n += 1) {
      succeeded(await wires.vault("DELETE", `sys/audit/device-${n}`));
    }
  },
  auditDeviceOptions: async ({ wires }) => {
    const options = Object.fromEntries(
      Array.from({ length: limits.auditDeviceOptions.value + 1 }, (_, index) => [`option${index}`, "x"]),
    );
    const answer = await wires.vault("POST", "sys/audit/options", { type: "file", options });
    assertRefusal("vault", answer, 400, /20 options/);
  },
  ...mountLimitCases,
  pageItems: bounded("aws", limits.pageItems.value, (wires, Limit) => wires.aws("ListKeys", { Limit }), valid),
  requestQuotaBuckets: elsewhere(
    "packages/service/src/quotas/request-quotas.test.ts",
    "forgets the quotas that nobody used for longest",
  ),
  cachedKeys: elsewhere("packages/service/src/keys/caches.test.ts", "never holds more than it may"),
  cachedVersionsPerKey: async ({ wires }) => {
    succeeded(await wires.rest("POST", "/keys", { key_id: "versions" }));
    const ciphertexts: string[] = [];
    for (let version = 1; version <= limits.cachedVersionsPerKey.value + 4; version += 1) {
      const sealed = succeeded(await wires.rest("POST", "/encrypt", { key_id: "versions", plaintext: `v${version}` }));
      ciphertexts.push(sealed.ciphertext);
      succeeded(await wires.rest("POST", "/keys/versions/rotate"));
    }
    for (const [at, ciphertext] of ciphertexts.entries()) {
      const opened = succeeded(await wires.rest("POST", "/decrypt", { key_id: "versions", ciphertext }));
      assert.equal(opened.plaintext, `v${at + 1}`);
    }
  },
  unwrittenKeyUses: elsewhere(
    "packages/service/src/keys/key-usages.test.ts",
    "is forgotten of the key that waited longest when too many wait",
  ),
  cachedIdentities: elsewhere("packages/service/src/keys/caches.test.ts", "never holds more than it may"),
  grantTokens: async (server) => {
    const { wires } = server;
    const made = await createGrant(wires, {});
    assert.ok(made.ok, String(made));
    await bounded(
      "aws",
      limits.grantTokens.value,
      (_, count) => wires.aws("DescribeKey", { KeyId, GrantTokens: Array(count).fill(made.json.GrantToken) }),
      /^ValidationException: .*'grantTokens'.*length less than or equal to 10$/,
    )(server);
  },
  grantConstraintPairs: bounded(
    "aws",
    limits.grantConstraintPairs.value,
    (wires, count) => createGrant(wires, Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, "v"]))),
    /^ValidationException: A grant constraint has at most 8 encryption context pairs\.$/,
  ),
  grantConstraintChars: bounded(
    "aws",
    limits.grantConstraintChars.value,
    (wires, count) => createGrant(wires, { k: letters(count - 1) }),
    /^ValidationException: A grant constraint has at most 384 characters\.$/,
  ),
  cachedGrantees: elsewhere("packages/service/src/keys/caches.test.ts", "never holds more than it may"),
  ...loginLimitCases,
  cachedGrants: elsewhere("packages/service/src/grants/grant-directory.test.ts", "limits.cachedGrants.value"),
};
