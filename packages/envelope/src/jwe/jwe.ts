import { platform } from "#platform";
import { isBytes } from "../byte-queue.ts";
import { utf8 } from "../bytes.ts";
import type { PlaintextDataKey } from "../data-key.ts";
import { type EncryptionContext, parseContext } from "../encryption-context.ts";
import { EnvelopeError, invalidInput, malformed } from "../errors.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { keyringMaterials } from "../materials/keyring-materials.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { ivBytes } from "../message/header.ts";
import { committingSuite } from "../suites.ts";
import { base64Url, bytesOfBase64Url, isRecord } from "./base64-url.ts";
import { checkHeader, type JweHeader, type ParsedJwe, parseJwe } from "./parse-jwe.ts";
import { type JweRsaKey, unwrapWithRsa } from "./rsa.ts";

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
  readonly rsa?: JweRsaKey | readonly JweRsaKey[];
}

/** A JWE that was decrypted. */
export interface DecryptedJwe {
  readonly plaintext: Uint8Array;
  readonly context: EncryptionContext;
  /** The protected header. */
  readonly header: JweHeader;
}

/** The header parameter with the wrapped content keys: a private name (RFC 7516, 4.3). */
export const keysParameter = "coffer_edk";
export const contextParameter = "coffer_context";

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
  if (!isBytes(bytes)) throw invalidInput("The plaintext is neither a Uint8Array nor a text.");
  const context = parseContext(options.context ?? {});
  const request = { suite: committingSuite, context, plaintextBytes: bytes.length };
  using materials = await keyringMaterials({ keyring: options.keyring }).forEncryption(request);
  const [first] = materials.encryptedDataKeys;
  const header = base64Url(
    utf8(
      JSON.stringify({
        alg: "dir",
        enc: "A256GCM",
        ...kidOf(first),
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
 * Decrypts a JWE, in its compact form or in JSON, for several recipients too. Source: RFC 7516, section 5.2.
 *
 * @throws EnvelopeError MessageMalformed, LimitExceeded, PolicyRefused for algorithms and parameters that are not
 *   supported, KeyUnavailable, ContextMismatch, DecryptionFailed
 */
export async function decryptJwe(jwe: string, options: DecryptJweOptions): Promise<DecryptedJwe> {
  const parsed = parseJwe(jwe);
  const { dataKey, context } = await unwrapAny(parsed, options);
  using owned = dataKey;
  const key = await owned.use((bytes) => platform.aesGcmKey(bytes));
  const plaintext = await key.open(parsed.iv, utf8(parsed.aad), parsed.ciphertext, parsed.tag);
  return { plaintext, context: Object.fromEntries(context), header: parsed.protectedHeader };
}

/**
 * The content key of a JWE that `encryptJwe` made, for other libraries: with `jose`,
 * `compactDecrypt(jwe, (header) => jweContentKey(header, { keyring }))`. The caller wipes it.
 *
 * @param header the protected header, parsed
 * @throws EnvelopeError as `decryptJwe`
 */
export async function jweContentKey(
  header: JweHeader,
  options: Pick<DecryptJweOptions, "keyring" | "context">,
): Promise<Uint8Array> {
  checkHeader(header);
  if (header["alg"] !== "dir" || options.keyring === undefined) throw noWay(header["alg"]);
  const { dataKey } = await unwrapWithKeyring(header, options.keyring, options.context);
  using owned = dataKey;
  return owned.use((bytes) => Uint8Array.from(bytes));
}

interface ContentKey {
  readonly dataKey: PlaintextDataKey;
  readonly context: ReadonlyMap<string, string>;
}

async function unwrapAny(
  { protectedHeader, recipients }: ParsedJwe,
  { keyring, context, rsa = [] }: DecryptJweOptions,
): Promise<ContentKey> {
  if (recipients.some(({ header }) => header["alg"] === "dir")) {
    const [{ wrappedKey } = { wrappedKey: undefined }, ...others] = recipients;
    // RFC 7516, section 7.2.1, and section 5.2, step 10.
    if (others.length > 0 || wrappedKey?.length !== 0) throw malformed("A JWE with alg dir has no wrapped key", 0);
    if (keyring === undefined || protectedHeader["alg"] !== "dir") throw noWay("dir");
    return unwrapWithKeyring(protectedHeader, keyring, context);
  }
  const keys = "client" in rsa ? [rsa] : rsa;
  if (keys.length === 0 || !recipients.some(({ header }) => header["alg"] === "RSA-OAEP-256")) {
    throw noWay(recipients[0]?.header["alg"]);
  }
  if (Object.keys(context ?? {}).length > 0)
    throw new EnvelopeError("ContextMismatch", "A JWE for an RSA key has no encryption context.");
  return { dataKey: await unwrapWithRsa(recipients, keys), context: new Map() };
}

async function unwrapWithKeyring(
  header: JweHeader,
  keyring: Keyring,
  expected: EncryptionContext = {},
): Promise<ContentKey> {
  const expectedContext = parseContext(expected);
  const context = readContext(header[contextParameter]);
  for (const [name, value] of expectedContext) {
    if (context.get(name) === value) continue;
    throw new EnvelopeError("ContextMismatch", `The message's encryption context has not the given "${name}".`);
  }
  const encryptedDataKeys = readKeys(header[keysParameter]);
  const request = { suite: committingSuite, context, encryptedDataKeys, expectedContext };
  const { dataKey } = await keyringMaterials({ keyring }).forDecryption(request);
  return { dataKey, context };
}

function noWay(alg: unknown): EnvelopeError {
  const needed = alg === "dir" ? "a keyring, for a protected header" : "an RSA key of the server, for RSA-OAEP-256";
  return new EnvelopeError(
    "PolicyRefused",
    `The message's alg is ${typeof alg === "string" ? alg : "no text"}: give ${needed}.`,
  );
}

/** The key's name, where it is a text: that of a raw key is not. */
function kidOf(key: EncryptedDataKey | undefined): { readonly kid?: string } {
  const name = new TextDecoder().decode(key?.providerInfo);
  return /^[!-~]+$/.test(name) ? { kid: name } : {};
}

function encodeKey({ providerId, providerInfo, ciphertext }: EncryptedDataKey) {
  return { provider: providerId, info: base64Url(providerInfo), key: base64Url(ciphertext) };
}

/** @throws EnvelopeError MessageMalformed */
export function readKeys(value: unknown): readonly EncryptedDataKey[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 32)
    throw malformed("The JWE's wrapped keys are not a list of up to 32", 0);
  return value.map((entry: unknown) => {
    const { provider, info, key } = isRecord(entry) ? entry : {};
    const [providerInfo, ciphertext] = [info, key].map(bytesOfBase64Url);
    if (typeof provider !== "string" || !providerInfo || !ciphertext)
      throw malformed("A wrapped key of the JWE is malformed", 0);
    return { providerId: provider, providerInfo, ciphertext };
  });
}

/** @throws EnvelopeError MessageMalformed, InvalidInput */
export function readContext(value: unknown): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === "string")) {
    throw malformed("The JWE's encryption context is not a map of texts", 0);
  }
  return parseContext(value as EncryptionContext);
}
