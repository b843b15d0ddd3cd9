import { compileArnPattern, countArnParts, matchesArnPattern } from "./arn-pattern.ts";
import { isWithin, parseIpRange } from "./ip.ts";
import {
  compilePattern,
  fillTemplate,
  hasVariable,
  matchesPattern,
  parseTemplate,
  type TemplateOptions,
  type TemplatePart,
  textOf,
} from "./template.ts";
import type { PolicyRequest } from "./types.ts";
import { parseBase64, parseBoolean, parseDateMs, parseDecimal } from "./values.ts";

/** The expected values of one condition, compiled: whether a value of the request meets any of them. */
export interface ExpectedValues {
  meets(value: string, request: PolicyRequest): boolean;
  /** The values with variables filled in, for an explanation. One without a value stays as written. */
  describe(request: PolicyRequest): readonly string[];
}

/** Thrown inside the parser with what is wrong with a value; never leaves the package. */
export class UnfitValue extends Error {
  override readonly name = "UnfitValue";
}

export interface OperatorRow {
  /** The operator holds when no expected value is met. */
  readonly isNegated: boolean;
  /** Compiles the values of a policy. Throws {@link UnfitValue}. */
  readonly compile: (values: readonly string[], hasVariables: boolean) => ExpectedValues;
}

type Compile = OperatorRow["compile"];

/** An operator whose policy values are constants of a type, and whose request values are read as the same type. */
function typed<T>(
  what: string,
  read: (text: string) => T | undefined,
  meets: (actual: T, expected: T) => boolean,
): Compile {
  return (values) => {
    const expected = values.map((value) => {
      const constant = read(value);
      if (constant === undefined) throw new UnfitValue(`a value is not ${what}`);
      return constant;
    });
    return {
      meets: (value) => {
        const actual = read(value);
        return actual !== undefined && expected.some((one) => meets(actual, one));
      },
      describe: () => values,
    };
  };
}

const numeric = (meets: (actual: number, expected: number) => boolean): Compile =>
  typed("a number", parseDecimal, meets);
const date = (meets: (actual: number, expected: number) => boolean): Compile =>
  typed("an ISO 8601 date or epoch seconds", parseDateMs, meets);

function parseTemplates(values: readonly string[], options: TemplateOptions): (readonly TemplatePart[])[] {
  return values.map((value) => {
    const result = parseTemplate(value, options);
    if (!result.ok) throw new UnfitValue(result.reason);
    return result.parts;
  });
}

function describeTemplates(
  values: readonly string[],
  templates: readonly (readonly TemplatePart[])[],
  request: PolicyRequest,
): readonly string[] {
  return templates.map((parts, i) => {
    const filled = hasVariable(parts) ? fillTemplate(parts, request) : undefined;
    return filled === undefined ? (values[i] as string) : textOf(filled);
  });
}

/** Whole strings, compared after `fold`. */
function equality(fold: (text: string) => string): Compile {
  return (values, variables) => {
    const templates = parseTemplates(values, { variables, wildcards: false });
    const open = templates.filter(hasVariable);
    const fixed = new Set<string>();
    for (const parts of templates) {
      if (!hasVariable(parts)) fixed.add(fold(parts.map((part) => (part.kind === "text" ? part.text : "")).join("")));
    }
    return {
      meets: (value, request) => {
        const folded = fold(value);
        if (fixed.has(folded)) return true;
        return open.some((parts) => {
          const filled = fillTemplate(parts, request);
          return filled !== undefined && fold(textOf(filled)) === folded;
        });
      },
      describe: (request) => describeTemplates(values, templates, request),
    };
  };
}

const like: Compile = (values, variables) => {
  const templates = parseTemplates(values, { variables, wildcards: true });
  const patterns = templates.map(compilePattern);
  return {
    meets: (value, request) => patterns.some((pattern) => matchesPattern(pattern, request, value)),
    describe: (request) => describeTemplates(values, templates, request),
  };
};

const arnLike: Compile = (values, variables) => {
  const templates = parseTemplates(values, { variables, wildcards: true });
  for (const parts of templates) {
    const isWhole = parts.length === 1 && parts[0]?.kind === "any";
    // With a variable the missing parts may come with its value.
    if (!isWhole && !hasVariable(parts) && countArnParts(parts) < 6) {
      throw new UnfitValue("a value is not an ARN of six parts");
    }
  }
  const patterns = templates.map(compileArnPattern);
  return {
    meets: (value, request) => patterns.some((pattern) => matchesArnPattern(pattern, request, value)),
    describe: (request) => describeTemplates(values, templates, request),
  };
};

/** Bool takes variables (IAM User Guide, "Boolean condition operators"); its constants are checked. */
const bool: Compile = (values, variables) => {
  const templates = parseTemplates(values, { variables, wildcards: false });
  for (const [i, parts] of templates.entries()) {
    if (!hasVariable(parts) && parseBoolean(values[i] as string) === undefined) {
      throw new UnfitValue('a value is neither "true" nor "false"');
    }
  }
  const compiled = equality((text) => text.toLowerCase())(values, variables);
  return {
    meets: (value, request) => parseBoolean(value) !== undefined && compiled.meets(value, request),
    describe: compiled.describe,
  };
};

const exactly = equality((text) => text);
const ignoringCase = equality((text) => text.toLowerCase());
const ip = typed("an IP address or a range in CIDR form", parseIpRange, isWithin);
const base64 = typed("base64", parseBase64, (actual, expected) => actual === expected);

function row(compile: Compile): OperatorRow {
  return { isNegated: false, compile };
}

function negated(compile: Compile): OperatorRow {
  return { isNegated: true, compile };
}

/** Every operator but `Null`, by its name in lower case (IAM User Guide, "Condition operators"). */
export const operators: ReadonlyMap<string, OperatorRow> = new Map([
  ["stringequals", row(exactly)],
  ["stringnotequals", negated(exactly)],
  ["stringequalsignorecase", row(ignoringCase)],
  ["stringnotequalsignorecase", negated(ignoringCase)],
  ["stringlike", row(like)],
  ["stringnotlike", negated(like)],
  ["numericequals", row(numeric((actual, expected) => actual === expected))],
  ["numericnotequals", negated(numeric((actual, expected) => actual === expected))],
  ["numericlessthan", row(numeric((actual, expected) => actual < expected))],
  ["numericlessthanequals", row(numeric((actual, expected) => actual <= expected))],
  ["numericgreaterthan", row(numeric((actual, expected) => actual > expected))],
  ["numericgreaterthanequals", row(numeric((actual, expected) => actual >= expected))],
  ["dateequals", row(date((actual, expected) => actual === expected))],
  ["datenotequals", negated(date((actual, expected) => actual === expected))],
  ["datelessthan", row(date((actual, expected) => actual < expected))],
  ["datelessthanequals", row(date((actual, expected) => actual <= expected))],
  ["dategreaterthan", row(date((actual, expected) => actual > expected))],
  ["dategreaterthanequals", row(date((actual, expected) => actual >= expected))],
  ["bool", row(bool)],
  ["binaryequals", row(base64)],
  ["ipaddress", row(ip)],
  ["notipaddress", negated(ip)],
  ["arnequals", row(arnLike)],
  ["arnlike", row(arnLike)],
  ["arnnotequals", negated(arnLike)],
  ["arnnotlike", negated(arnLike)],
]);
