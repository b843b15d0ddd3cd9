/** Tokens as Coffer and Vault make them: service, batch and recovery tokens, and those of Vault before 1.10. */
const token = /(?<![A-Za-z0-9])(hv[sbr]|[sbr])\.[A-Za-z0-9_-]{24,}/g;
const percentEncoded = /%([0-7][0-9A-Fa-f])/g;

/**
 * A text with what looks like a token replaced, whoever put it there: somebody who pastes a token in the wrong place must
 * not find it in the audit trail or a log.
 */
export function redactTokens(text: string): string {
  return text.replace(token, "$1.[redacted]");
}

/** As `redactTokens`, for text that may hold a part of a URL: a token is found there however it is percent-encoded. */
export function redactTokensInUrl(text: string): string {
  const redacted = redactTokens(text);
  if (!text.includes("%")) return redacted;
  const decoded = redacted.replace(percentEncoded, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const shown = redactTokens(decoded);
  return shown === decoded ? redacted : shown;
}
