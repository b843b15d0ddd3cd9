/** Where the secrets of a token's cubbyhole are, by path; they go with the token (`deletionsOfToken`). */
export function cubbyholeArea(tokenDigest: string): string {
  return `cubbyhole/${tokenDigest}`;
}
