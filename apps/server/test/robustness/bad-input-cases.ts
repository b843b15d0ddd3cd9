import type { Canary } from "./bad-input-fixture.ts";
import type { HttpRequest } from "./http-client.ts";
import type { WireName, Wires } from "./wires.ts";

type Make = (wires: Wires, canary: Canary) => HttpRequest;

/** What one API answers to a case: a refusal with its words, or a success where the original has one. */
export type Row =
  | { readonly make: Make; readonly status: number; readonly words: string | RegExp }
  | { readonly make: Make; readonly ok: true }
  /** Why the case does not exist in this API. */
  | string;

/** One kind of bad input and what each API makes of it. */
export type BadInput = { readonly name: string } & Readonly<Record<WireName, Row>>;

const aws = (operation: string, body: unknown, words: string | RegExp): Row => ({
  make: (wires) => wires.awsRequest(operation, body),
  status: 400,
  words,
});

const vault = (path: string, body: unknown, words: string | RegExp, status = 400, method = "POST"): Row => ({
  make: (wires) => wires.vaultRequest(method, path, body),
  status,
  words,
});

const rest = (method: string, path: string, body: unknown, words: string | RegExp, status = 400): Row => ({
  make: (wires) => wires.restRequest(method, path, body),
  status,
  words,
});

const encryptPath = "transit/encrypt/canary";
const tokensHaveNone = "tokens sign nothing";
const onePath = "all requests go to one path";
const invalidUtf8 = Buffer.from('{"key_id":"canary\xff"}', "latin1");
const deep = `{"KeyId":${"[".repeat(33)}${"]".repeat(33)}}`;
const bottomless = "[".repeat(200_000);

/** Bodies that are no request. */
export const badBodies: readonly BadInput[] = [
  {
    name: "JSON that ends too early",
    aws: aws("Encrypt", '{"KeyId":"alias/canary"', "SerializationException"),
    vault: vault(encryptPath, '{"plaintext":"aGk="', /^failed to parse JSON input: invalid JSON at offset \d+$/),
    rest: rest("POST", "/encrypt", '{"key_id":"canary"', /:InvalidInput: The body is refused: invalid JSON at offset/),
  },
  {
    name: "a body that is no JSON at all",
    aws: aws("Encrypt", "KeyId=alias/canary", "SerializationException"),
    vault: vault(encryptPath, "<plaintext/>", /^failed to parse JSON input: invalid JSON/),
    rest: rest("POST", "/encrypt", "key_id=canary", /:InvalidInput: The body is refused: invalid JSON/),
  },
  {
    name: "a list instead of an object",
    aws: aws("Encrypt", "[]", "SerializationException"),
    vault: vault(encryptPath, "[]", "failed to parse JSON input: the body must be a JSON object"),
    rest: rest("POST", "/encrypt", "[]", /:InvalidInput: body must be a JSON object/),
  },
  {
    name: "no body",
    aws: aws("Encrypt", "", "SerializationException"),
    vault: vault(encryptPath, "", "missing plaintext to encrypt"),
    rest: rest("POST", "/encrypt", "", /:InvalidInput: The body is missing/),
  },
  {
    name: "bytes that are no UTF-8",
    aws: aws("Encrypt", invalidUtf8, /^SerializationException: .*UTF-8/),
    vault: vault(encryptPath, invalidUtf8, "failed to parse JSON input: the body is not valid UTF-8"),
    rest: rest("POST", "/encrypt", invalidUtf8, /:InvalidInput: The body is not valid UTF-8/),
  },
  {
    name: "a member twice",
    aws: aws("Encrypt", '{"KeyId":"alias/canary","KeyId":"alias/other","Plaintext":"aGk="}', /^Serial.*twice/),
    vault: vault(encryptPath, '{"plaintext":"aGk=","plaintext":"aG8="}', /^failed to parse JSON input: duplicate key/),
    rest: rest("POST", "/encrypt", '{"key_id":"canary","key_id":"other","plaintext":"x"}', /duplicate key/),
  },
  {
    name: "a member twice, deep inside and once with an escape",
    aws: aws(
      "Encrypt",
      '{"KeyId":"alias/canary","Plaintext":"aGk=","EncryptionContext":{"a":"1","\\u0061":"2"}}',
      /^Serial.*twice/,
    ),
    vault: vault(encryptPath, '{"batch_input":[{"plaintext":"aGk=","pl\\u0061intext":"aG8="}]}', /duplicate key/),
    rest: rest(
      "POST",
      "/encrypt",
      '{"key_id":"canary","plaintext":"x","context":{"a":"1","\\u0061":"2"}}',
      /duplicate/,
    ),
  },
  {
    name: "33 levels",
    aws: aws("Encrypt", deep, /^SerializationException: .*32 levels/),
    vault: vault(encryptPath, deep, /^failed to parse JSON input: nested too deeply/),
    rest: rest("POST", "/encrypt", deep, /nested too deeply/),
  },
  {
    name: "200,000 levels",
    aws: aws("Encrypt", bottomless, "SerializationException"),
    vault: vault(encryptPath, bottomless, /^failed to parse JSON input: /),
    rest: rest("POST", "/encrypt", bottomless, "InvalidInput"),
  },
  {
    name: "a number too large for any number",
    aws: aws("GenerateRandom", '{"NumberOfBytes":1e400}', /^ValidationException: .*less than or equal to 1024$/),
    vault: vault(encryptPath, '{"plaintext":"aGk=","key_version":1e400}', /"key_version": expected a whole number$/),
    rest: rest("POST", "/datakey", '{"key_id":"canary","bytes":1e400}', /bytes must be a whole number/),
  },
];

/** Members of the wrong type, unknown, missing, or out of bounds. */
export const badMembers: readonly BadInput[] = [
  {
    name: "a number for a text",
    aws: aws("Encrypt", { KeyId: 5, Plaintext: "aGk=" }, /^SerializationException: NUMBER_VALUE/),
    vault: "as in the original, a number is converted to text",
    rest: rest("POST", "/encrypt", { key_id: 5, plaintext: "x" }, /key_id must be a text/),
  },
  {
    name: "an object for a plaintext",
    aws: aws("Encrypt", { KeyId: "alias/canary", Plaintext: { a: 1 } }, "SerializationException"),
    vault: vault(encryptPath, { plaintext: { a: 1 } }, /for field "plaintext": expected text$/),
    rest: rest("POST", "/encrypt", { key_id: "canary", plaintext: { a: 1 } }, /plaintext must be a text/),
  },
  {
    name: "null where something must be",
    aws: aws("Encrypt", { KeyId: null, Plaintext: "aGk=" }, /^ValidationException: .*'keyId'.*must not be null/),
    vault: vault(encryptPath, { plaintext: null }, "missing plaintext to encrypt"),
    rest: rest("POST", "/encrypt", { key_id: null, plaintext: "x" }, /key_id must be a text/),
  },
  {
    name: "a text for a list or a map",
    aws: aws("Encrypt", { KeyId: "alias/canary", Plaintext: "aGk=", EncryptionContext: "a" }, "SerializationException"),
    vault: vault(encryptPath, { batch_input: "a" }, /^failed to parse batch input: /),
    rest: rest("POST", "/encrypt", { key_id: "canary", plaintext: "x", context: "a" }, /context must be an object/),
  },
  {
    name: "an unknown member",
    aws: { make: (wires) => wires.awsRequest("ListKeys", { Unknown: 1 }), ok: true },
    vault: { make: (wires) => wires.vaultRequest("POST", encryptPath, { plaintext: "aGk=", unknown: 1 }), ok: true },
    rest: rest("POST", "/encrypt", { key_id: "canary", plaintext: "x", unknown: 1 }, /The member "unknown" is unknown/),
  },
  {
    name: "base64 that is none",
    aws: aws("Encrypt", { KeyId: "alias/canary", Plaintext: "no*b64==" }, /^SerializationException: .*base ?64/i),
    vault: vault(encryptPath, { plaintext: "no*b64==" }, /^illegal base64 data at input byte 2$/),
    rest: rest("POST", "/encrypt", { key_id: "canary", plaintext: "n*==", encoding: "base64" }, /standard base64/),
  },
  {
    name: "a plaintext one byte too long",
    aws: aws(
      "Encrypt",
      { KeyId: "alias/canary", Plaintext: Buffer.alloc(4097).toString("base64") },
      /^ValidationException: .*'plaintext'.*length less than or equal to 4096$/,
    ),
    vault: vault(
      encryptPath,
      { plaintext: Buffer.alloc(524_289).toString("base64") },
      "the plaintext has 524289 bytes; at most 524288 are allowed",
    ),
    rest: rest(
      "POST",
      "/encrypt",
      { key_id: "canary", plaintext: "x".repeat(4097) },
      /plaintext has 4097 bytes; 1 to 4096 are allowed/,
    ),
  },
  {
    name: "a plaintext of no bytes",
    aws: aws("Encrypt", { KeyId: "alias/canary", Plaintext: "" }, /^ValidationException: .*greater than or equal to 1/),
    vault: { make: (wires) => wires.vaultRequest("POST", encryptPath, { plaintext: "" }), ok: true },
    rest: rest("POST", "/encrypt", { key_id: "canary", plaintext: "" }, "InvalidInput"),
  },
  {
    name: "half of a surrogate pair in a context",
    aws: aws(
      "Encrypt",
      '{"KeyId":"alias/canary","Plaintext":"aGk=","EncryptionContext":{"a":"\\ud800"}}',
      /^(?:Serialization|Validation)Exception: /,
    ),
    vault: "its contexts are base64",
    rest: rest("POST", "/encrypt", '{"key_id":"canary","plaintext":"x","context":{"a":"\\ud800"}}', /valid Unicode/),
  },
  {
    name: "half of a surrogate pair in a name",
    aws: aws("CreateAlias", '{"AliasName":"alias/\\ud800","TargetKeyId":"x"}', "SerializationException"),
    vault: vault("sys/mounts/x", '{"type":"\\ud800"}', /^plugin not found/),
    rest: rest("POST", "/keys", '{"key_id":"\\ud800"}', "InvalidInput"),
  },
  {
    name: "a key that is not there",
    aws: aws("Encrypt", { KeyId: "alias/nobody", Plaintext: "aGk=" }, /^NotFoundException: .*alias\/nobody/),
    vault: vault("transit/decrypt/nobody", { ciphertext: "vault:v1:aGk=" }, "encryption key not found"),
    rest: rest("POST", "/encrypt", { key_id: "nobody", plaintext: "x" }, /:NotFound: There is no key nobody/, 404),
  },
  {
    name: "an operation that is not there",
    aws: aws("Frobnicate", {}, "UnknownOperationException"),
    vault: vault("transit/frobnicate/canary", {}, /unsupported path/, 404),
    rest: rest("POST", "/frobnicate", {}, "NotFound", 404),
  },
  {
    name: "a method that is not there",
    aws: {
      make: (wires) => ({ ...wires.awsRequest("ListKeys", {}), method: "PUT" }),
      status: 400,
      words: "UnknownOperationException",
    },
    vault: vault(
      encryptPath,
      undefined,
      /^PATCH requires Content-Type of application\/merge-patch\+json/,
      415,
      "PATCH",
    ),
    rest: rest("PATCH", "/keys", {}, "InvalidInput", 405),
  },
  {
    name: "a page that was never given out",
    aws: aws("ListKeys", { Marker: "AAAA" }, "InvalidMarkerException"),
    vault: "its lists have no markers",
    rest: rest("GET", "/keys?marker=AAAA", undefined, "MarkerInvalid"),
  },
  {
    name: "a parameter of the query that is none",
    aws: "it has no query",
    vault: vault("transit/keys?list=maybe", undefined, /list must be true or false/, 400, "GET"),
    rest: rest("GET", "/keys?limit=ten", undefined, /limit must be a whole number/),
  },
  {
    name: "a policy that is none",
    aws: aws("PutKeyPolicy", { KeyId: "alias/canary", Policy: '{"Statement":[' }, /Exception$/),
    vault: "it has no policies here",
    rest: rest("PUT", "/admin/key-policies/canary", '{"Version":"2012-10-17"}', "PolicyMalformed"),
  },
];

/** Ciphertexts and credentials that are not what they seem. */
export const badCredentials: readonly BadInput[] = [
  {
    name: "another context",
    aws: {
      make: (wires, { kms }) => wires.awsRequest("Decrypt", { CiphertextBlob: kms, EncryptionContext: { a: "b" } }),
      status: 400,
      words: "InvalidCiphertextException",
    },
    vault: {
      make: (wires, { transit }) =>
        wires.vaultRequest("POST", "transit/decrypt/canary", { ciphertext: transit, associated_data: "YQ==" }),
      status: 400,
      words: "cipher: message authentication failed",
    },
    rest: {
      make: (wires, { kms }) => wires.restRequest("POST", "/decrypt", { key_id: "canary", ciphertext: kms }),
      status: 400,
      words: "CiphertextInvalid",
    },
  },
  {
    name: "another key",
    aws: {
      make: (wires, { kms, context }) =>
        wires.awsRequest("Decrypt", { CiphertextBlob: kms, EncryptionContext: context, KeyId: "alias/other" }),
      status: 400,
      words: "IncorrectKeyException",
    },
    vault: {
      make: (wires, { transit, associatedData }) =>
        wires.vaultRequest("POST", "transit/decrypt/other", { ciphertext: transit, associated_data: associatedData }),
      status: 400,
      words: "cipher: message authentication failed",
    },
    rest: {
      make: (wires, { kms, context }) =>
        wires.restRequest("POST", "/decrypt", { key_id: "other", ciphertext: kms, context }),
      status: 400,
      words: "IncorrectKey",
    },
  },
  {
    name: "a wrong secret",
    aws: {
      make: (wires) => wires.awsRequest("ListKeys", {}, { secretAccessKey: "x".repeat(40) }),
      status: 400,
      words: "InvalidSignatureException",
    },
    vault: {
      make: (wires) => wires.vaultRequest("GET", "transit/keys/canary", undefined, "hvs.AAAAAAAAAAAAAAAAAAAAAAAA"),
      status: 403,
      words: /permission denied/,
    },
    rest: {
      make: (wires) => wires.restRequest("GET", "/keys", undefined, "hvs.AAAAAAAAAAAAAAAAAAAAAAAA"),
      status: 401,
      words: "Unauthenticated",
    },
  },
  {
    name: "no credentials",
    aws: {
      make: (wires) => {
        const { authorization: _gone, ...headers } = wires.awsRequest("ListKeys", {}).headers;
        return { method: "POST", path: "/", headers, body: "{}" };
      },
      status: 400,
      words: "MissingAuthenticationTokenException",
    },
    vault: {
      make: () => ({ method: "GET", path: "/v1/transit/keys/canary", headers: {}, body: "" }),
      status: 403,
      words: "permission denied",
    },
    rest: {
      make: () => ({ method: "GET", path: "/keys", headers: {}, body: "" }),
      status: 401,
      words: "Unauthenticated",
    },
  },
  {
    name: "an unknown user",
    aws: {
      make: (wires) => wires.awsRequest("ListKeys", {}, { accessKeyId: "AKIAAAAAAAAAAAAAAAAA" }),
      status: 400,
      words: "UnrecognizedClientException",
    },
    vault: tokensHaveNone,
    rest: {
      make: () => ({ method: "GET", path: "/keys", headers: { authorization: "Basic YTpi" }, body: "" }),
      status: 401,
      words: "Unauthenticated",
    },
  },
  {
    name: "a stale date",
    aws: {
      make: (wires) => wires.awsRequest("ListKeys", {}, { timestampMs: Date.now() - 301_000 }),
      status: 400,
      words: /^InvalidSignatureException: Signature expired/,
    },
    vault: tokensHaveNone,
    rest: tokensHaveNone,
  },
  {
    name: "a date to come",
    aws: {
      make: (wires) => wires.awsRequest("ListKeys", {}, { timestampMs: Date.now() + 310_000 }),
      status: 400,
      words: /^InvalidSignatureException: Signature not yet current/,
    },
    vault: tokensHaveNone,
    rest: tokensHaveNone,
  },
  {
    name: "a body that was changed after it was signed",
    aws: {
      make: (wires) => ({
        ...wires.awsRequest("DescribeKey", { KeyId: "alias/canary" }),
        body: '{"KeyId":"alias/other"}',
      }),
      status: 400,
      words: "InvalidSignatureException",
    },
    vault: tokensHaveNone,
    rest: tokensHaveNone,
  },
  {
    name: "a signature for another service",
    aws: {
      make: (wires) => wires.awsRequest("ListKeys", {}, { service: "s3" }),
      status: 400,
      words: "InvalidSignatureException",
    },
    vault: tokensHaveNone,
    rest: tokensHaveNone,
  },
  {
    name: "a session token that nobody gave out",
    aws: {
      make: (wires) => wires.awsRequest("ListKeys", {}, { sessionToken: "made-up" }),
      status: 400,
      words: "UnrecognizedClientException",
    },
    vault: tokensHaveNone,
    rest: tokensHaveNone,
  },
];

const pathTricks = [
  "keys/../keys",
  "keys/./canary",
  "keys//canary",
  "keys/%2e%2e/keys",
  "keys/canary%2f..%2fother",
  "keys/canary%00",
  "keys/canary%0d%0aX-Evil:%20yes",
  "keys/%ff",
  "keys/%",
  "keys/..%5ccanary",
];

/** Paths that two readers could read in two ways. */
export const badPaths: readonly BadInput[] = pathTricks.map((path) => ({
  name: path,
  aws: onePath,
  vault: vault(`transit/${path}`, undefined, /^The path /, 400, "GET"),
  rest: rest("GET", `/${path}`, undefined, /:InvalidInput: The path /),
}));
