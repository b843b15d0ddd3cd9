import { compilePattern, fillTemplate, matchesPattern, type Pattern, type TemplatePart } from "./template.ts";
import type { PolicyRequest } from "./types.ts";

const arnParts = 6;

/**
 * A pattern for ARNs whose parts between the colons are matched one by one, so that a `*` in one part never reaches into
 * the next (IAM User Guide, "ARN condition operators" and "Using wildcards in resource ARNs"). The last pattern takes
 * the rest, colons included. `whole` is a template whose variables bring colons of their own.
 */
export type ArnPattern =
  | { readonly kind: "everything" }
  | { readonly kind: "parts"; readonly patterns: readonly Pattern[] }
  | { readonly kind: "whole"; readonly parts: readonly TemplatePart[] };

/** Compiles `*`, or an ARN with wildcards and variables; `parts` may count fewer than six, as in `arn:aws:kms:*`. */
export function compileArnPattern(parts: readonly TemplatePart[]): ArnPattern {
  if (parts.length === 1 && parts[0]?.kind === "any") return { kind: "everything" };
  const pieces = splitAtColons(parts);
  if (pieces.length < arnParts && parts.some((part) => part.kind === "variable")) return { kind: "whole", parts };
  return { kind: "parts", patterns: pieces.map(compilePattern) };
}

/** How many of the six parts of an ARN the template spells out. */
export function countArnParts(parts: readonly TemplatePart[]): number {
  return splitAtColons(parts).length;
}

export function matchesArnPattern(pattern: ArnPattern, request: PolicyRequest, value: string): boolean {
  if (pattern.kind === "everything") return true;
  if (pattern.kind === "parts") return matchesParts(pattern.patterns, request, value);
  const filled = fillTemplate(pattern.parts, request);
  if (filled === undefined) return false;
  const pieces = splitAtColons(filled);
  return pieces.length === arnParts && matchesParts(pieces.map(compilePattern), request, value);
}

/** Whether every variable of the pattern has a value. */
export function isFilled(pattern: ArnPattern, request: PolicyRequest): boolean {
  if (pattern.kind === "everything") return true;
  if (pattern.kind === "whole") return fillTemplate(pattern.parts, request) !== undefined;
  return pattern.patterns.every((part) => part.kind === "fixed" || fillTemplate(part.parts, request) !== undefined);
}

function matchesParts(patterns: readonly Pattern[], request: PolicyRequest, value: string): boolean {
  let from = 0;
  for (let i = 0; i < patterns.length; i++) {
    const pattern = patterns[i] as Pattern;
    const isLast = i === patterns.length - 1;
    const to = isLast ? value.length : value.indexOf(":", from);
    if (to < 0 || !matchesPattern(pattern, request, value, from, to)) return false;
    from = to + 1;
  }
  return true;
}

/** Cuts at the first five colons of the text. */
function splitAtColons(parts: readonly TemplatePart[]): TemplatePart[][] {
  const pieces: TemplatePart[][] = [[]];
  for (const part of parts) {
    if (part.kind !== "text") {
      pieces[pieces.length - 1]?.push(part);
      continue;
    }
    let rest = part.text;
    for (let colon = rest.indexOf(":"); colon >= 0 && pieces.length < arnParts; colon = rest.indexOf(":")) {
      if (colon > 0) pieces[pieces.length - 1]?.push({ kind: "text", text: rest.slice(0, colon) });
      pieces.push([]);
      rest = rest.slice(colon + 1);
    }
    if (rest !== "") pieces[pieces.length - 1]?.push({ kind: "text", text: rest });
  }
  return pieces;
}
