import { compileGlob, type Glob, type GlobPart, matchesGlob } from "./glob.ts";
import { singleValueOf } from "./request-keys.ts";
import type { PolicyRequest } from "./types.ts";

/** `${aws:username}` or `${aws:PrincipalTag/team, 'company-wide'}`. */
interface VariablePart {
  readonly kind: "variable";
  /** In lower case, as `ConditionContext.get` wants it. */
  readonly key: string;
  readonly fallback: string | undefined;
}

export type TemplatePart = GlobPart | VariablePart;

export interface TemplateOptions {
  /** Policy variables exist since version 2012-10-17; before, `${` is text. */
  readonly variables: boolean;
  /** Whether `*` and `?` are wildcards. */
  readonly wildcards: boolean;
}

export type TemplateResult =
  | { readonly ok: true; readonly parts: readonly TemplatePart[] }
  | { readonly ok: false; readonly reason: string };

/** `${*}`, `${?}` and `${$}` stand for the character itself (IAM User Guide, "Special characters"). */
const literalVariables: ReadonlySet<string> = new Set(["*", "?", "$"]);

const variableToken = /\$\{\s*([^{},']+?)\s*(?:,\s*'([^']*)'\s*)?\}/y;
const maxVariableLength = 1024;

/** Splits a policy value into text, wildcards and variables (IAM User Guide, "IAM policy elements: Variables and tags"). */
export function parseTemplate(value: string, options: TemplateOptions): TemplateResult {
  const parts: TemplatePart[] = [];
  let text = "";
  const push = (part: TemplatePart): void => {
    if (text !== "") parts.push({ kind: "text", text });
    text = "";
    parts.push(part);
  };
  for (let i = 0; i < value.length; i++) {
    const char = value.charAt(i);
    if (options.variables && char === "$" && value.charAt(i + 1) === "{") {
      const found = readVariable(value, i);
      if (found === undefined) return { ok: false, reason: "a policy variable is malformed" };
      if (found.part.kind === "text") text += found.part.text;
      else push(found.part);
      i = found.end - 1;
    } else if (options.wildcards && char === "*") push({ kind: "any" });
    else if (options.wildcards && char === "?") push({ kind: "one" });
    else text += char;
  }
  if (text !== "") parts.push({ kind: "text", text });
  return { ok: true, parts };
}

function readVariable(value: string, at: number): { part: TemplatePart; end: number } | undefined {
  // The token is cut out first, so that the lazy match cannot wander through the whole document.
  const match = matchAt(value.slice(at, at + maxVariableLength));
  if (match === undefined) return undefined;
  const [token, name, fallback] = match;
  const end = at + token.length;
  if (literalVariables.has(name)) return { part: { kind: "text", text: name }, end };
  if (!name.includes(":")) return undefined;
  return { part: { kind: "variable", key: name.toLowerCase(), fallback }, end };
}

function matchAt(text: string): [token: string, name: string, fallback: string | undefined] | undefined {
  variableToken.lastIndex = 0;
  const match = variableToken.exec(text);
  return match?.[1] === undefined ? undefined : [match[0], match[1], match[2]];
}

export function hasVariable(parts: readonly TemplatePart[]): boolean {
  return parts.some((part) => part.kind === "variable");
}

/**
 * The parts with variables filled in, or undefined when one has no value: such a template matches nothing (IAM User
 * Guide, "Policy variables with no value"). What is filled in is text: a `*` in it is no wildcard.
 */
export function fillTemplate(parts: readonly TemplatePart[], request: PolicyRequest): GlobPart[] | undefined {
  const filled: GlobPart[] = [];
  for (const part of parts) {
    if (part.kind !== "variable") filled.push(part);
    else {
      const value = singleValueOf(request, part.key) ?? part.fallback;
      if (value === undefined) return undefined;
      filled.push({ kind: "text", text: value });
    }
  }
  return filled;
}

/** The template as text, for templates without wildcards and for people. */
export function textOf(parts: readonly GlobPart[]): string {
  return parts.map((part) => (part.kind === "text" ? part.text : part.kind === "any" ? "*" : "?")).join("");
}

/** A value of a policy that is matched against a value of a request: compiled now, unless a variable must be known. */
export type Pattern =
  | { readonly kind: "fixed"; readonly glob: Glob }
  | { readonly kind: "open"; readonly parts: readonly TemplatePart[] };

export function compilePattern(parts: readonly TemplatePart[]): Pattern {
  return isFixed(parts) ? { kind: "fixed", glob: compileGlob(parts) } : { kind: "open", parts };
}

function isFixed(parts: readonly TemplatePart[]): parts is readonly GlobPart[] {
  return !hasVariable(parts);
}

/** Whether the code units of `value` in [from, to) match. */
export function matchesPattern(
  pattern: Pattern,
  request: PolicyRequest,
  value: string,
  from = 0,
  to = value.length,
): boolean {
  if (pattern.kind === "fixed") return matchesGlob(pattern.glob, value, from, to);
  const filled = fillTemplate(pattern.parts, request);
  return filled !== undefined && matchesGlob(compileGlob(filled), value, from, to);
}
