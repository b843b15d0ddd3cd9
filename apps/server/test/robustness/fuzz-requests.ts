import fc from "fast-check";
import type { HttpRequest } from "./http-client.ts";
import type { Wires } from "./wires.ts";

/** A valid request before it is spoilt; `body` is what JSON says. */
interface Base {
  readonly make: (wires: Wires, body: unknown) => HttpRequest;
  readonly body: unknown;
}

const key = "fuzzed";
const KeyId = `alias/${key}`;
const base64 = "aGVsbG8=";
/** A key to be restored, but for its key. */
const emptyBackup = Buffer.from(
  JSON.stringify({
    policy: {
      name: "k",
      type: 0,
      latest_version: 1,
      keys: { "1": { key: base64, hmac_key: base64, creation_time: 1 } },
    },
    archived_keys: { keys: [] },
  }),
).toString("base64");
const blob = Buffer.alloc(150, 7).toString("base64");
const document = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*", Resource: "*" },
  ],
};

const aws = (operation: string, body: unknown): Base => ({
  make: (wires, changed) => wires.awsRequest(operation, changed),
  body,
});
const vault = (method: string, path: string, body?: unknown): Base => ({
  make: (wires, changed) => wires.vaultRequest(method, path, changed),
  body,
});
const rest = (method: string, path: string, body?: unknown): Base => ({
  make: (wires, changed) => wires.restRequest(method, path, changed),
  body,
});

/** Valid requests of every kind, none of which takes the tester's own credentials away. */
const bases: readonly Base[] = [
  aws("CreateKey", { Description: "d", Tags: [{ TagKey: "a", TagValue: "b" }], Policy: JSON.stringify(document) }),
  aws("Encrypt", { KeyId, Plaintext: base64, EncryptionContext: { a: "b" }, EncryptionAlgorithm: "SYMMETRIC_DEFAULT" }),
  aws("Decrypt", { CiphertextBlob: blob, KeyId, EncryptionContext: { a: "b" }, DryRun: true }),
  aws("ReEncrypt", { CiphertextBlob: blob, DestinationKeyId: KeyId, SourceEncryptionContext: { a: "b" } }),
  aws("GenerateDataKey", { KeyId, KeySpec: "AES_256", GrantTokens: ["x"] }),
  aws("GenerateRandom", { NumberOfBytes: 16 }),
  aws("ListKeys", { Limit: 10, Marker: "AAAA" }),
  aws("ListAliases", { KeyId, Limit: 10 }),
  aws("DescribeKey", { KeyId }),
  aws("CreateAlias", { AliasName: "alias/new", TargetKeyId: KeyId }),
  aws("TagResource", { KeyId, Tags: [{ TagKey: "a", TagValue: "b" }] }),
  aws("PutKeyPolicy", { KeyId, PolicyName: "default", Policy: JSON.stringify(document) }),
  aws("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 }),
  aws("EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 }),
  vault("POST", `transit/encrypt/${key}`, { plaintext: base64, associated_data: base64, key_version: 1 }),
  vault("POST", `transit/encrypt/${key}`, { batch_input: [{ plaintext: base64, reference: "r" }, { plaintext: "" }] }),
  vault("POST", `transit/decrypt/${key}`, { ciphertext: `vault:v1:${blob}`, context: base64 }),
  vault("PUT", `transit/rewrap/${key}`, { batch_input: [{ ciphertext: `vault:v1:${blob}`, key_version: 1 }] }),
  vault("POST", `transit/datakey/plaintext/${key}`, { bits: 256 }),
  vault("POST", `transit/keys/${key}/config`, { min_decryption_version: 1, auto_rotate_period: "24h" }),
  vault("POST", `transit/keys/${key}`, { type: "aes256-gcm96", derived: false }),
  vault("GET", `transit/keys/${key}`),
  vault("GET", `transit/export/encryption-key/${key}/1?format=raw`),
  vault("GET", `transit/backup/${key}`),
  vault("POST", `transit/restore/${key}-again`, { backup: emptyBackup, force: false }),
  vault("POST", `transit/keys/${key}-in/import`, { ciphertext: base64, type: "aes256-gcm96", hash_function: "SHA256" }),
  vault("POST", `transit/keys/${key}/import_version`, { ciphertext: base64, version: 1 }),
  vault("GET", `transit/byok-export/${key}/${key}/latest?hash=SHA1`),
  vault("POST", `transit/keys/${key}/trim`, { min_available_version: 1 }),
  vault("POST", `transit/keys/${key}/csr`, {
    version: 1,
    csr: "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----",
  }),
  vault("POST", `transit/keys/${key}/set-certificate`, {
    certificate_chain: "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
  }),
  vault("POST", "transit/config/keys", { disable_upsert: false }),
  vault("POST", "transit/cache-config", { size: 0 }),
  vault("LIST", "transit/keys"),
  vault("POST", "transit/random/16", { format: "hex" }),
  vault("POST", "sys/mounts/more/of/it", { type: "transit", config: { max_lease_ttl: "1h" } }),
  vault("GET", "sys/internal/ui/mounts/transit"),
  vault("POST", "sys/capabilities-self", { paths: ["transit/keys"] }),
  vault("GET", "sys/health?standbyok=true"),
  vault("POST", "sys/mounts/kv", { type: "kv", options: { version: "2" } }),
  vault("POST", "kv/data/app", { data: { a: "b", c: [1] }, options: { cas: 0 } }),
  vault("GET", "kv/data/app?version=1"),
  vault("POST", "kv/metadata/app", { max_versions: 3, delete_version_after: "1h", custom_metadata: { a: "b" } }),
  vault("POST", "kv/destroy/app", { versions: [1, 2] }),
  vault("LIST", "kv/metadata"),
  vault("POST", "sys/auth/userpass", { type: "userpass", config: { token_type: "default-service" } }),
  vault("POST", "auth/userpass/users/ada", { password: "p", token_policies: "a,b", token_bound_cidrs: ["::1/128"] }),
  vault("POST", "auth/userpass/login/ada", { password: "p" }),
  vault("POST", "sys/auth/approle", { type: "approle" }),
  vault("POST", "auth/approle/role/web", { secret_id_num_uses: 1, secret_id_ttl: "1h", token_ttl: 60 }),
  vault("POST", "auth/approle/role/web/secret-id", { metadata: '{"a":"b"}', cidr_list: ["10.0.0.0/8"] }),
  vault("POST", "auth/approle/login", { role_id: "r", secret_id: "s" }),
  vault("POST", "auth/token/create", {
    policies: ["a"],
    ttl: "1m",
    meta: { a: "b" },
    num_uses: 2,
    explicit_max_ttl: 9,
  }),
  vault("POST", "auth/token/roles/r", { allowed_policies: "a", period: "1h", token_bound_cidrs: "10.0.0.0/8" }),
  vault("POST", "sys/policies/acl/p", {
    policy: 'path "a/+/b*" { capabilities = ["read", "list"] allowed_parameters = { "x" = ["*"] } }',
  }),
  vault("POST", "sys/policies/password/p", { policy: 'length = 9 rule "charset" { charset = "abc" min-chars = 1 }' }),
  vault("POST", "identity/entity", { name: "e", metadata: { a: "b" }, policies: ["a"], disabled: false }),
  vault("POST", "identity/group/name/g", { member_entity_ids: ["x"], policies: ["a"], type: "internal" }),
  vault("POST", "identity/entity-alias", { name: "n", mount_accessor: "x", canonical_id: "y" }),
  vault("POST", "sys/audit/file", { type: "file", options: { file_path: "discard" } }),
  vault("POST", "sys/wrapping/unwrap", { token: "x" }),
  vault("POST", `transit/sign/${key}/sha2-256`, { input: base64, signature_algorithm: "pss", prehashed: true }),
  vault("POST", `transit/verify/${key}`, { batch_input: [{ input: base64, hmac: `vault:v1:${base64}` }] }),
  vault("POST", `transit/hmac/${key}`, { input: base64, algorithm: "sha2-512" }),
  vault("POST", `transit/keys/${key}/import`, { ciphertext: blob, hash_function: "SHA256", type: "aes256-gcm96" }),
  vault("POST", "transit/restore/new", { backup: blob, force: true }),
  vault("POST", "sys/rekey/update", { key: base64, nonce: "n" }),
  rest("POST", "/keys", { key_id: "new", description: "d", tags: { a: "b" } }),
  rest("GET", "/keys?limit=10"),
  rest("GET", `/keys/${key}`),
  rest("POST", `/keys/${key}/rotate`),
  rest("DELETE", `/keys/${key}?days=7`),
  rest("POST", `/keys/${key}/restore`),
  rest("POST", "/encrypt", { key_id: key, plaintext: "hello", encoding: "text", context: { a: "b" } }),
  rest("POST", "/decrypt", { key_id: key, ciphertext: blob, encoding: "base64" }),
  rest("POST", "/datakey", { key_id: key, bytes: 32 }),
  rest("GET", "/audit/events?after=0&limit=3"),
  rest("POST", "/admin/principals", { kind: "user", name: "new" }),
  rest("POST", "/admin/tokens", { principal: "root", lifetime_seconds: 60, name: "new" }),
  rest("PUT", `/admin/key-policies/${key}`, document),
  rest("GET", "/admin/credentials?principal=root"),
];

/** What may stand anywhere in JSON in place of what stands there. */
const wrongValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    2 ** 53,
    "",
    "\u0000",
    "\ud800",
    "💥",
    [],
    {},
    [[]],
    "__proto__",
  ),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.nat(5000).map((length) => "x".repeat(length)),
  fc.jsonValue({ maxDepth: 4 }),
  fc.integer({ min: 1, max: 60 }).map((depth) => JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown),
);

const memberName = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "KeyId", "Plaintext", "plaintext", "key_id", "batch_input", ""),
  fc.string({ maxLength: 12 }),
);

/** Where in a value a change happens: at each level a step into the member at this place. */
type Change =
  | { readonly kind: "replace"; readonly steps: readonly number[]; readonly value: unknown }
  | { readonly kind: "add"; readonly steps: readonly number[]; readonly name: string; readonly value: unknown }
  | { readonly kind: "remove"; readonly steps: readonly number[] };

const steps = fc.array(fc.nat(7), { maxLength: 3 });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant("replace" as const), steps, value: wrongValue }),
  fc.record({ kind: fc.constant("add" as const), steps, name: memberName, value: wrongValue }),
  fc.record({ kind: fc.constant("remove" as const), steps }),
);

/** A copy of a JSON value with one change in it. */
function withChange(value: unknown, made: Change): unknown {
  const [step, ...steps] = made.steps;
  if (typeof value !== "object" || value === null) return made.kind === "replace" ? made.value : value;
  const entries: [string, unknown][] = Object.entries(value);
  const at = entries.length === 0 ? 0 : (step ?? 0) % entries.length;
  const entry = entries[at];
  if (made.kind === "add" && (steps.length === 0 || entry === undefined)) entries.push([made.name, made.value]);
  else if (entry === undefined) return made.kind === "replace" ? made.value : value;
  else if (steps.length > 0) entry[1] = withChange(entry[1], { ...made, steps });
  else if (made.kind === "replace") entry[1] = made.value;
  else entries.splice(at, 1);
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

/** A cut into a text: at a place, so many characters give way to others. */
interface Cut {
  readonly place: number;
  readonly removed: number;
  readonly inserted: string;
}

const cut = (inserted: fc.Arbitrary<string>): fc.Arbitrary<Cut> =>
  fc.record({ place: fc.nat(2000), removed: fc.nat(4), inserted });

function withCut(text: string, { place, removed, inserted }: Cut): string {
  const at = place % (text.length + 1);
  return text.slice(0, at) + inserted + text.slice(at + removed);
}

const pathPiece = fc.oneof(
  fc.constantFrom("/", "//", "..", "/../", "%2e%2e", "%2f", "%00", "%", "?", "&", "=", ";", "%ff", "\\", "*", "💥"),
  fc.string({ maxLength: 5 }),
);
const bodyPiece = fc.oneof(
  fc.constantFrom('"', "{", "}", "[", "]", ",", ":", "\\", "\u0000", '"":1,', "null", "1e999", "\\ud800"),
  fc.string({ unit: "binary", maxLength: 5 }),
);
const headerLine = fc.oneof(
  fc.constantFrom(
    "Host: other",
    "Content-Type: application/x-www-form-urlencoded",
    "Content-Type: text/xml",
    "Content-Encoding: gzip",
    "Content-Length: 3",
    "Transfer-Encoding: chunked",
    "Expect: 100-continue",
    "Upgrade: websocket",
    "X-Amz-Target: TrentService.constructor",
    "X-Amz-Date: yesterday",
    "X-Amz-Security-Token: x",
    "X-Vault-Token: x",
    "X-Vault-Namespace: a/b",
    "X-Vault-Wrap-TTL: 1h",
    "Authorization: AWS4-HMAC-SHA256 Credential=/////, SignedHeaders=, Signature=",
    "Authorization: Bearer",
  ),
  fc.tuple(fc.string({ maxLength: 12 }), fc.string({ maxLength: 30 })).map(([name, value]) => `${name}: ${value}`),
);

/** How a request is spoilt: first what it says, so that it is still signed; then how it is written down. */
interface Spoiling {
  readonly changes: readonly Change[];
  readonly method: string | undefined;
  readonly path: readonly Cut[];
  readonly body: readonly Cut[];
  /** Lines that are added. */
  readonly headers: readonly string[];
  /** Lines that are left out, by their place. */
  readonly dropped: readonly number[];
  readonly raw: readonly Cut[];
}

const some = <T>(arbitrary: fc.Arbitrary<T>, maxLength: number) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(arbitrary, { minLength: 1, maxLength }) },
  );

const otherMethod = fc.constantFrom("GET", "PUT", "POST", "PATCH", "DELETE", "LIST", "HEAD", "OPTIONS", "BREW");

const spoiling: fc.Arbitrary<Spoiling> = fc.record({
  changes: fc.oneof(fc.constant([]), fc.array(change, { minLength: 1, maxLength: 2 })),
  method: fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: otherMethod }),
  path: some(cut(pathPiece), 2),
  body: some(cut(bodyPiece), 2),
  headers: some(headerLine, 2),
  dropped: some(fc.nat(10), 1),
  raw: some(cut(fc.string({ unit: "binary", maxLength: 3 })), 1),
});

/** A spoilt request as the bytes to send (Latin-1), and that nothing follows it. */
export interface FuzzedRequest {
  readonly text: (wires: Wires) => string;
  readonly toString: () => string;
}

function write(wires: Wires, base: Base, spoilt: Spoiling): string {
  const body = spoilt.changes.reduce(withChange, base.body);
  const made = base.make(wires, body);
  const content = Buffer.from(spoilt.body.reduce(withCut, made.body.toString())).toString("latin1");
  const path = Buffer.from(spoilt.path.reduce(withCut, made.path)).toString("latin1");
  const lines = Object.entries({ Host: wires.client.host, ...made.headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  for (const place of spoilt.dropped) lines.splice(place % lines.length, 1);
  const all = [...lines, `Content-Length: ${content.length}`, ...spoilt.headers, "Connection: close"];
  const head = `${spoilt.method ?? made.method} ${path} HTTP/1.1\r\n${all.map((line) => `${line}\r\n`).join("")}\r\n`;
  return spoilt.raw.reduce(withCut, head + content);
}

/** Valid requests of every kind, spoilt in any way. */
export const fuzzedRequest: fc.Arbitrary<FuzzedRequest> = fc
  .tuple(fc.nat(bases.length - 1), spoiling)
  .map(([at, spoilt]) => ({
    text: (wires) => write(wires, bases[at]!, spoilt),
    toString: () => `base ${at}, ${JSON.stringify(spoilt)}`,
  }));
