import { type ArnPattern, compileArnPattern, isFilled, matchesArnPattern } from "./arn-pattern.ts";
import { compileGlob, type Glob, matchesGlob } from "./glob.ts";
import { hasVariable, parseTemplate, type TemplatePart } from "./template.ts";
import type { PolicyRequest } from "./types.ts";

/** A compiled Action or NotAction element. Names are in lower case: actions are matched in any case. */
export interface ActionMatcher {
  readonly isNegated: boolean;
  readonly isEverything: boolean;
  readonly names: ReadonlySet<string>;
  readonly globs: readonly Glob[];
  readonly written: readonly string[];
}

/** A compiled Resource or NotResource element. */
export interface ResourceMatcher {
  readonly isNegated: boolean;
  /**
   * A NotResource of an Allow: AWS leaves open what it excludes when one of its variables has no value, and everything
   * would be the wrong guess. Such a statement allows nothing then.
   */
  readonly needsValues: boolean;
  readonly patterns: readonly ArnPattern[];
  readonly written: readonly string[];
}

const actionForm = /^(?:\*|(?:[A-Za-z0-9][A-Za-z0-9-]*|\*):[A-Za-z0-9*?_-]+)$/;

/** Whether the text is `*`, or `vendor:Name` with wildcards in the name. */
export function isActionPattern(text: string): boolean {
  return actionForm.test(text);
}

/** Compiles patterns that `isActionPattern` has accepted. */
export function compileActions(written: readonly string[], isNegated: boolean): ActionMatcher {
  const names = new Set<string>();
  const globs: Glob[] = [];
  let isEverything = false;
  for (const action of written) {
    const result = parseTemplate(action.toLowerCase(), { variables: false, wildcards: true });
    const parts = (result.ok ? result.parts : []).filter((part) => part.kind !== "variable");
    if (action === "*" || action === "*:*") isEverything = true;
    else if (parts.every((part) => part.kind === "text")) names.add(action.toLowerCase());
    else globs.push(compileGlob(parts));
  }
  return { isNegated, isEverything, names, globs, written };
}

export function matchesAction(matcher: ActionMatcher, action: string): boolean {
  const lower = action.toLowerCase();
  const isNamed =
    matcher.isEverything || matcher.names.has(lower) || matcher.globs.some((glob) => matchesGlob(glob, lower));
  return isNamed !== matcher.isNegated;
}

/** A string is why the resource is malformed. */
export function compileResource(text: string, variables: boolean): ArnPattern | string {
  const result = parseTemplate(text, { variables, wildcards: true });
  if (!result.ok) return result.reason;
  if (text !== "*" && !text.startsWith("arn:")) return 'is neither "*" nor an ARN';
  if (hasEarlyVariable(result.parts)) return "a policy variable may stand only after the fifth colon of an ARN";
  return compileArnPattern(result.parts);
}

/** Variables name the resource itself, never its service, region or account (IAM User Guide, "Resource element"). */
function hasEarlyVariable(parts: readonly TemplatePart[]): boolean {
  const first = parts.findIndex((part) => part.kind === "variable");
  if (first < 0 || !hasVariable(parts)) return false;
  const before = parts.slice(0, first).map((part) => (part.kind === "text" ? part.text : ""));
  return before.join("").split(":").length < 6;
}

export function matchesResource(matcher: ResourceMatcher, request: PolicyRequest): boolean {
  for (const pattern of matcher.patterns) {
    if (matchesArnPattern(pattern, request, request.resource)) return !matcher.isNegated;
    if (matcher.needsValues && !isFilled(pattern, request)) return false;
  }
  return matcher.isNegated;
}
