/**
 * A request as it arrived, before anything was decoded. Every string is a byte string: one character a byte (Latin-1), as
 * `node:http` hands over targets and headers. A character above U+00FF cannot have arrived and is refused.
 */
export interface SignedRequest {
  /** As sent, for example `POST`. */
  readonly method: string;
  /** The raw path as sent, neither decoded nor normalized; `""` means `/`. */
  readonly path: string;
  /** The raw query as sent, without its `?`; `""` when there is none. */
  readonly query: string;
  /** Lower-case names; the values of a repeated header joined by a bare `,` in the order sent. */
  readonly headers: ReadonlyMap<string, string>;
  /** The whole body; zero bytes when there is none. */
  readonly body: Uint8Array;
}

/** The only algorithm that is verified and made here. */
export const algorithmName = "AWS4-HMAC-SHA256";

/** The last element of every credential scope. */
export const scopeTerminator = "aws4_request";

/** The longest time that a presigned request may ask for: seven days (AWS Signature Version 4, query parameters). */
export const maxExpiresSeconds = 604_800;

/** What is refused before any work is done on it. Lengths in characters, which are bytes here. */
export const requestLimits = {
  pathBytes: 8_192,
  queryBytes: 16_384,
  queryParameters: 1_000,
  authorizationBytes: 8_192,
  signedHeaders: 128,
  sessionTokenBytes: 8_192,
  accessKeyIdBytes: 128,
  seenLists: 256,
  seenListChars: 512,
} as const;
