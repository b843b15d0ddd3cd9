import { EnvelopeError, malformed } from "../errors.ts";
import { ivBytes, tagBytes } from "../message/header.ts";
import { bytesOfBase64Url, isRecord } from "./base64-url.ts";

/** A header of a JWE, parsed. */
export type JweHeader = Readonly<Record<string, unknown>>;

/** Who a JWE is for. */
export interface JweRecipient {
  /** All that is said for this recipient, protected or not (RFC 7516, section 4). */
  readonly header: JweHeader;
  readonly wrappedKey: Uint8Array;
}

/** A JWE, well-formed and not yet authenticated. */
export interface ParsedJwe {
  readonly protectedHeader: JweHeader;
  /** What the content's tag authenticates besides, in ASCII. */
  readonly aad: string;
  readonly recipients: readonly JweRecipient[];
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** The members of the JSON serialization (RFC 7516, section 7.2), as text says them. */
interface JweMembers {
  readonly protectedText: string | undefined;
  readonly aad: string | undefined;
  readonly unprotected: JweHeader;
  readonly recipients: readonly { readonly header: JweHeader; readonly wrappedKey: string }[];
  readonly content: readonly [iv: unknown, ciphertext: unknown, tag: unknown];
}

/** Characters of a JWE at most. */
export const maxJweCharacters: number = 64 * 1024 * 1024;
/** Recipients of a JWE at most: each may be a call. */
export const maxRecipients = 32;

/** They change what a message means, and no reader of ours knows how. Others are passed over, as RFC 7516 says. */
const refusedParameters: readonly string[] = ["crit", "zip", "b64"];

/**
 * Reads a JWE of either serialization (RFC 7516, section 7).
 *
 * @throws EnvelopeError LimitExceeded, MessageMalformed, PolicyRefused
 */
export function parseJwe(jwe: string): ParsedJwe {
  if (jwe.length > maxJweCharacters) {
    throw new EnvelopeError("LimitExceeded", `The message has more than ${maxJweCharacters} characters.`);
  }
  const members = jwe.trimStart().startsWith("{") ? membersOfJson(jwe) : membersOfCompact(jwe);
  const protectedHeader = members.protectedText === undefined ? {} : parseHeader(members.protectedText);
  const recipients = members.recipients.map(({ header, wrappedKey }) => {
    const bytes = bytesOfBase64Url(wrappedKey);
    if (bytes === undefined) throw malformed("A wrapped key of the JWE is not base64url", 0);
    return { header: joinHeaders([protectedHeader, members.unprotected, header]), wrappedKey: bytes };
  });
  for (const { header } of recipients) checkHeader(header);
  const [iv, ciphertext, tag] = members.content.map((text) => bytesOfBase64Url(text));
  if (!ciphertext || iv?.length !== ivBytes || tag?.length !== tagBytes)
    throw malformed("This is no JWE with A256GCM", 0);
  // RFC 7516, section 5.1, step 14.
  const aad = (members.protectedText ?? "") + (members.aad === undefined ? "" : `.${members.aad}`);
  return { protectedHeader, aad, recipients, iv, ciphertext, tag };
}

/** @throws EnvelopeError PolicyRefused */
export function checkHeader(header: JweHeader): void {
  const refused = refusedParameters.find((name) => Object.hasOwn(header, name));
  if (refused !== undefined)
    throw new EnvelopeError(
      "PolicyRefused",
      `The JWE's header has the parameter "${refused}", which is not supported.`,
    );
  if (header["enc"] !== "A256GCM") throw new EnvelopeError("PolicyRefused", "The JWE's enc is not A256GCM.");
}

function membersOfCompact(jwe: string): JweMembers {
  const parts = jwe.split(".");
  const [protectedText, wrappedKey, ...content] = parts;
  if (parts.length !== 5 || wrappedKey === undefined) throw malformed("This is no JWE", 0);
  return {
    ...{ protectedText, aad: undefined, unprotected: {} },
    recipients: [{ header: {}, wrappedKey }],
    content: [content[0], content[1], content[2]],
  };
}

function membersOfJson(jwe: string): JweMembers {
  const json = parseJson(jwe);
  if (!isRecord(json)) throw malformed("This is no JWE", 0);
  const { protected: protectedText, aad, unprotected = {}, recipients: several, iv, ciphertext, tag } = json;
  const flattened = Object.hasOwn(json, "header") || Object.hasOwn(json, "encrypted_key");
  if (several !== undefined && flattened) throw malformed("The JWE is of both JSON serializations", 0);
  const recipients: unknown = several ?? [json];
  if (!Array.isArray(recipients) || recipients.length === 0) throw malformed("The JWE has no recipients", 0);
  if (recipients.length > maxRecipients) {
    throw new EnvelopeError("LimitExceeded", `The message has more than ${maxRecipients} recipients.`);
  }
  if (!isTextOrAbsent(protectedText) || !isTextOrAbsent(aad) || !isRecord(unprotected)) {
    throw malformed("A member of the JWE has another type", 0);
  }
  // It is a part of what is authenticated, between dots.
  if (aad !== undefined && bytesOfBase64Url(aad) === undefined) throw malformed("The JWE's aad is not base64url", 0);
  return {
    ...{ protectedText, aad, unprotected },
    recipients: recipients.map((entry: unknown) => {
      if (!isRecord(entry)) throw malformed("A recipient of the JWE is malformed", 0);
      const { header = {}, encrypted_key: wrappedKey = "" } = entry;
      if (!isRecord(header) || typeof wrappedKey !== "string")
        throw malformed("A recipient of the JWE is malformed", 0);
      return { header, wrappedKey };
    }),
    content: [iv, ciphertext, tag],
  };
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

function parseHeader(text: string): JweHeader {
  const bytes = bytesOfBase64Url(text);
  let header: unknown;
  try {
    header = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw malformed("The JWE's header is not JSON", 0);
  }
  if (!isRecord(header)) throw malformed("The JWE's header is not a JSON object", 0);
  return header;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed("This is no JWE", 0);
  }
}

/** No parameter stands in two of them (RFC 7516, section 7.2.1). */
function joinHeaders(headers: readonly JweHeader[]): JweHeader {
  const pairs = headers.flatMap((header) => Object.entries(header));
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length) {
    throw malformed("The JWE's headers have a parameter twice", 0);
  }
  return Object.fromEntries(pairs);
}
