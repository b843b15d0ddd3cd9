import { platform } from "#platform";
import { base64OfBytes, bytesOfBase64, utf8 } from "../bytes.ts";
import type { KmsClient } from "../clients/kms-client.ts";
import { PlaintextDataKey } from "../data-key.ts";
import { type EncryptionContext, parseContext } from "../encryption-context.ts";
import { decryptionFailed, EnvelopeError, malformed } from "../errors.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { keyringMaterials } from "../materials/keyring-materials.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { ivBytes, tagBytes } from "../message/header.ts";
import { committingSuite } from "../suites.ts";

/** How a JWE is made. */
export interface EncryptJweOptions {
  readonly keyring: Keyring;
  /** What it is bound to; it stands in its header, readable by anybody. */
  readonly context?: EncryptionContext;
  /** The header parameter `typ`. */
  readonly type?: string;
}

/** How a JWE is read. */
export interface DecryptJweOptions {
  /** Unwraps the content key of one that `encryptJwe` made. */
  readonly keyring?: Keyring;
  /** What its context must have at least. */
  readonly context?: EncryptionContext;
  /** Unwraps the content key of one whose `alg` is RSA-OAEP-256, made by any program with the key's public half. */
  readonly rsa?: { readonly client: Pick<KmsClient, "decrypt">; readonly keyId: string };
}

/** A JWE that was decrypted. */
export interface DecryptedJwe {
  readonly plaintext: Uint8Array;
  readonly context: EncryptionContext;
  /** The protected header. */
  readonly header: Readonly<Record<string, unknown>>;
}

/** The header parameter with the wrapped content keys: a private name (RFC 7516, 4.3). */
const keysParameter = "coffer_edk";
const contextParameter = "coffer_context";

/** What a header may have besides: anything else could change what the message means (`crit`, `zip`, `b64`). */
const knownParameters: ReadonlySet<string> = new Set([
  "alg",
  "enc",
  "kid",
  "typ",
  "cty",
  keysParameter,
  contextParameter,
]);

/** Characters of a JWE at most. */
const maxJweCharacters = 64 * 1024 * 1024;

/**
 * Encrypts into a JWE in its compact form: `alg` is `dir`, `enc` is `A256GCM`, and the content key, wrapped by a keyring,
 * stands in the protected header. Any library reads it that is given the content key: see `jweContentKey`. Source: RFC
 * 7516, section 5.1.
 *
 * A JWE does not commit to its key; messages of `encrypt` do.
 *
 * @throws EnvelopeError InvalidInput, KeyUnavailable, ServiceRefused, ServiceUnavailable
 */
export async function encryptJwe(plaintext: Uint8Array | string, options: EncryptJweOptions): Promise<string> {
  const bytes = typeof plaintext === "string" ? utf8(plaintext) : plaintext;
  const context = parseContext(options.context ?? {});
  const request = { suite: committingSuite, context, plaintextBytes: bytes.length };
  using materials = await keyringMaterials({ keyring: options.keyring }).forEncryption(request);
  const [first] = materials.encryptedDataKeys;
  const header = base64Url(
    utf8(
      JSON.stringify({
        alg: "dir",
        enc: "A256GCM",
        kid: first && new TextDecoder().decode(first.providerInfo),
        ...(options.type !== undefined && { typ: options.type }),
        [keysParameter]: materials.encryptedDataKeys.map(encodeKey),
        ...(context.size > 0 && { [contextParameter]: Object.fromEntries(context) }),
      }),
    ),
  );
  const iv = platform.randomBytes(ivBytes);
  const key = await materials.dataKey.use((inside) => platform.aesGcmKey(inside));
  const { ciphertext, tag } = await key.seal(iv, utf8(header), bytes);
  return [header, "", ...[iv, ciphertext, tag].map(base64Url)].join(".");
}

/**
 * Decrypts a JWE in its compact form. Source: RFC 7516, section 5.2.
 *
 * @throws EnvelopeError MessageMalformed, PolicyRefused for algorithms and parameters that are not known, KeyUnavailable,
 *   ContextMismatch, DecryptionFailed
 */
export async function decryptJwe(jwe: string, options: DecryptJweOptions): Promise<DecryptedJwe> {
  const { headerText, header, wrappedKey, iv, ciphertext, tag } = parseJwe(jwe);
  const { dataKey, context } = await unwrapContentKey(header, wrappedKey, options);
  using _owned = dataKey;
  const key = await dataKey.use((bytes) => platform.aesGcmKey(bytes));
  const plaintext = await key.open(iv, utf8(headerText), ciphertext, tag);
  return { plaintext, context: Object.fromEntries(context), header };
}

/**
 * The content key of a JWE that `encryptJwe` made, for other libraries: with `jose`,
 * `compactDecrypt(jwe, (header) => jweContentKey(header, { keyring }))`. The caller wipes it.
 *
 * @param header the protected header, parsed
 * @throws EnvelopeError as `decryptJwe`
 */
export async function jweContentKey(
  header: Readonly<Record<string, unknown>>,
  options: Pick<DecryptJweOptions, "keyring" | "context">,
): Promise<Uint8Array> {
  checkHeader(header);
  const { dataKey } = await unwrapContentKey(header, new Uint8Array(0), options);
  using owned = dataKey;
  return owned.use((bytes) => Uint8Array.from(bytes));
}

interface ContentKey {
  readonly dataKey: PlaintextDataKey;
  readonly context: ReadonlyMap<string, string>;
}

async function unwrapContentKey(
  header: Readonly<Record<string, unknown>>,
  wrappedKey: Uint8Array,
  options: DecryptJweOptions,
): Promise<ContentKey> {
  const expectedContext = parseContext(options.context ?? {});
  if (header["alg"] === "dir" && options.keyring !== undefined) {
    const context = readContext(header[contextParameter]);
    for (const [name, value] of expectedContext) {
      if (context.get(name) === value) continue;
      throw new EnvelopeError("ContextMismatch", `The message's encryption context has not the given "${name}".`);
    }
    const request = {
      suite: committingSuite,
      context,
      encryptedDataKeys: readKeys(header[keysParameter]),
      expectedContext,
    };
    const { dataKey } = await keyringMaterials({ keyring: options.keyring }).forDecryption(request);
    return { dataKey, context };
  }
  if (header["alg"] === "RSA-OAEP-256" && options.rsa !== undefined) {
    if (expectedContext.size > 0)
      throw new EnvelopeError("ContextMismatch", "A JWE for an RSA key has no encryption context.");
    return { dataKey: await unwrapWithRsa(wrappedKey, options.rsa), context: expectedContext };
  }
  const needed = header["alg"] === "dir" ? "a keyring" : "an RSA key of the server";
  throw new EnvelopeError("PolicyRefused", `The message's alg is ${String(header["alg"])}: give ${needed}.`);
}

async function unwrapWithRsa(
  ciphertext: Uint8Array,
  { client, keyId }: NonNullable<DecryptJweOptions["rsa"]>,
): Promise<PlaintextDataKey> {
  const input = { KeyId: keyId, CiphertextBlob: ciphertext, EncryptionAlgorithm: "RSAES_OAEP_SHA_256" } as const;
  const { Plaintext } = await client.decrypt(input);
  const dataKey = PlaintextDataKey.takeFrom(Plaintext ?? new Uint8Array(0));
  if (dataKey.byteLength === committingSuite.keyBytes) return dataKey;
  dataKey.dispose();
  throw decryptionFailed();
}

function parseJwe(jwe: string) {
  if (jwe.length > maxJweCharacters) {
    throw new EnvelopeError("LimitExceeded", `The message has more than ${maxJweCharacters} characters.`);
  }
  const parts = jwe.split(".");
  const [headerText = "", ...others] = parts;
  const [wrappedKey, iv, ciphertext, tag] = others.map(bytesOfBase64Url);
  const header = parseHeader(headerText);
  if (parts.length !== 5 || !wrappedKey || !ciphertext || iv?.length !== ivBytes || tag?.length !== tagBytes) {
    throw malformed("This is no JWE with A256GCM", 0);
  }
  if (header["alg"] === "dir" && wrappedKey.length > 0) throw malformed("A JWE with alg dir has no wrapped key", 0);
  return { headerText, header, wrappedKey, iv, ciphertext, tag };
}

function parseHeader(text: string): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytesOfBase64Url(text)));
  } catch {
    throw malformed("The JWE's header is not JSON", 0);
  }
  if (!isRecord(header)) throw malformed("The JWE's header is not a JSON object", 0);
  checkHeader(header);
  return header;
}

function checkHeader(header: Readonly<Record<string, unknown>>): void {
  const strange = Object.keys(header).find((name) => !knownParameters.has(name));
  if (strange !== undefined)
    throw new EnvelopeError("PolicyRefused", `The JWE's header has the parameter "${strange}", which is not known.`);
  if (header["enc"] !== "A256GCM") throw new EnvelopeError("PolicyRefused", "The JWE's enc is not A256GCM.");
}

function encodeKey({ providerId, providerInfo, ciphertext }: EncryptedDataKey) {
  return { provider: providerId, info: base64Url(providerInfo), key: base64Url(ciphertext) };
}

function readKeys(value: unknown): readonly EncryptedDataKey[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 32)
    throw malformed("The JWE's wrapped keys are not a list of up to 32", 0);
  return value.map((entry: unknown) => {
    const { provider, info, key } = isRecord(entry) ? entry : {};
    const [providerInfo, ciphertext] = [info, key].map((text) =>
      typeof text === "string" ? bytesOfBase64Url(text) : undefined,
    );
    if (typeof provider !== "string" || !providerInfo || !ciphertext)
      throw malformed("A wrapped key of the JWE is malformed", 0);
    return { providerId: provider, providerInfo, ciphertext };
  });
}

function readContext(value: unknown): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === "string")) {
    throw malformed("The JWE's encryption context is not a map of texts", 0);
  }
  return parseContext(value as EncryptionContext);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function base64Url(bytes: Uint8Array): string {
  return base64OfBytes(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function bytesOfBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  const bytes = bytesOfBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  // One text for each value: unused bits are zero.
  return bytes !== undefined && base64Url(bytes) === text ? bytes : undefined;
}
