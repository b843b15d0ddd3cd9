import { refuse, type SignatureRefusal } from "./problem.ts";
import { requestLimits, scopeTerminator } from "./request.ts";
import { formatDate, formatTimeOfDay } from "./timestamp.ts";

/** Where a signature was found: the Authorization header, or query parameters. */
export type SignatureForm = "header" | "presigned";

/** A well-formed signature, not yet verified: nothing in it may be believed. */
export interface ParsedSignature {
  readonly form: SignatureForm;
  /** 1 to 128 visible ASCII characters without `/` and `,`. */
  readonly accessKeyId: string;
  /** The scope's date, `YYYYMMDD`; the date of `timestampMs`. */
  readonly date: string;
  /** 1 to 64 of `a-z`, `0-9` and `-`. */
  readonly region: string;
  /** 1 to 64 of `a-z`, `0-9` and `-`. */
  readonly service: string;
  /** Lower-case header names in the order signed, without repetition, `host` among them. */
  readonly signedHeaders: readonly string[];
  /** As sent: 64 lower-case hex digits when it is right. */
  readonly signature: string;
  /** When the request was signed, milliseconds since the epoch, whole seconds. */
  readonly timestampMs: number;
  /** How long a presigned request is good for, 1 to 604800; absent when it does not say. */
  readonly expiresSeconds?: number;
  /** The session token sent along, which the verifier of credentials must tie to the access key. */
  readonly sessionToken?: string;
}

/** The parts common to both forms, as sent. */
export interface SentParts {
  readonly form: SignatureForm;
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly timestampMs: number;
  readonly expiresSeconds: number | undefined;
  readonly sessionToken: string | undefined;
}

const accessKeyPattern = /^[!-+\--.0-~]+$/;
const scopePartPattern = /^[a-z0-9-]{1,64}$/;
const signedHeadersPattern = /^[a-z0-9!#$%&'*+.^_`|~;-]+$/;

/** Checks the parts of either form and puts them together. */
export function assembleSignature(parts: SentParts): { ok: true; signature: ParsedSignature } | SignatureRefusal {
  const signedHeaders = signedHeadersOf(parts.signedHeaders);
  if (signedHeaders === undefined) {
    return refuse(
      "IncompleteSignature",
      `SignedHeaders must be a list of at most ${requestLimits.signedHeaders} different lower-case header names separated by semicolons.`,
    );
  }
  if (!signedHeaders.includes("host")) {
    return refuse("InvalidSignature", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  const elements = parts.credential.split("/");
  const [accessKeyId, date, region, service, terminator] = elements;
  if (
    elements.length !== 5 ||
    accessKeyId === undefined ||
    date === undefined ||
    region === undefined ||
    service === undefined
  ) {
    return refuse(
      "IncompleteSignature",
      "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
    );
  }
  if (terminator !== scopeTerminator || date !== formatDate(parts.timestampMs)) {
    return refuseScope(terminator === scopeTerminator, date, parts.timestampMs);
  }
  if (!scopePartPattern.test(region)) {
    return refuse("InvalidScope", "Credential should be scoped to a valid region.");
  }
  if (!scopePartPattern.test(service)) {
    return refuse("InvalidScope", "Credential should be scoped to correct service.");
  }
  const token = parts.sessionToken;
  if (
    accessKeyId.length > requestLimits.accessKeyIdBytes ||
    !accessKeyPattern.test(accessKeyId) ||
    (token !== undefined && (token.length > requestLimits.sessionTokenBytes || token === ""))
  ) {
    return refuse("InvalidClientTokenId", "The security token included in the request is invalid.");
  }
  const { form, signature: sent, timestampMs } = parts;
  const signature = { form, accessKeyId, date, region, service, signedHeaders, signature: sent, timestampMs };
  if (parts.expiresSeconds === undefined && token === undefined) return { ok: true, signature };
  const whole = {
    ...signature,
    ...(parts.expiresSeconds === undefined ? {} : { expiresSeconds: parts.expiresSeconds }),
    ...(token === undefined ? {} : { sessionToken: token }),
  };
  return { ok: true, signature: whole };
}

function refuseScope(terminatorRight: boolean, sentDate: string, timestampMs: number): SignatureRefusal {
  const texts: string[] = [];
  if (!terminatorRight) texts.push(`Credential should be scoped with a valid terminator: '${scopeTerminator}'.`);
  const date = formatDate(timestampMs);
  if (sentDate !== date) {
    const shown = /^[0-9]{8}$/.test(sentDate) ? sentDate : "?";
    texts.push(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${shown}' != '${date}', from '${date}${formatTimeOfDay(timestampMs)}'.`,
    );
  }
  return refuse("InvalidScope", texts.join(" "));
}

/** The lists last seen, by their text: a client signs the same headers in every request. */
const seenLists = new Map<string, readonly string[]>();

function signedHeadersOf(text: string): readonly string[] | undefined {
  const seen = seenLists.get(text);
  if (seen !== undefined) return seen;
  if (text.length > requestLimits.seenListChars) return parseSignedHeaders(text);
  // A copy: a part of the header would keep all of it in memory.
  const copy = Buffer.from(text).toString();
  const names = parseSignedHeaders(copy);
  if (names !== undefined) {
    // Anybody may send anything: what is kept stays small, and starting anew costs one parse each.
    if (seenLists.size >= requestLimits.seenLists) seenLists.clear();
    seenLists.set(copy, names);
  }
  return names;
}

function parseSignedHeaders(text: string): readonly string[] | undefined {
  if (!signedHeadersPattern.test(text)) return undefined;
  const names = text.split(";");
  if (names.length > requestLimits.signedHeaders) return undefined;
  let previous = "";
  for (const name of names) {
    // Every client sorts them. Should one not, what matters is that none is empty or repeated.
    if (name <= previous) return new Set(names).size === names.length && !names.includes("") ? names : undefined;
    previous = name;
  }
  return names;
}
