import { type EffectiveRule, mergeRules } from "./effective-rule.ts";
import type { VaultAclOperation } from "./types.ts";

/**
 * Finds the rule for a path. Of several that match, the most specific one alone counts, and nothing of the others: the
 * exact path, then the one whose first wildcard comes latest, then the one without `*` at the end, then the one with fewer
 * `+`, then the longest (OpenBao documentation, "Policies": policy syntax).
 */
export class RuleIndex {
  readonly #exact = new Map<string, EffectiveRule>();
  readonly #prefixes = new Map<string, EffectiveRule>();
  readonly #segments = new Map<string, EffectiveRule>();
  /** In UTF-16 code units, the longest first. */
  #prefixLengths: readonly number[] = [];
  /** The most specific first. */
  #patterns: readonly SegmentPattern[] = [];

  /** Adds a rule for a path without templates; to call before `seal`. */
  add(path: string, rule: EffectiveRule): void {
    const segmented = path === "+" || path.includes("/+") || path.startsWith("+/");
    const isPrefix = !segmented && path.endsWith("*");
    const table = segmented ? this.#segments : isPrefix ? this.#prefixes : this.#exact;
    const key = isPrefix ? path.slice(0, -1) : path;
    const there = table.get(key);
    table.set(key, there === undefined ? rule : mergeRules(there, rule));
  }

  seal(): void {
    const lengths = new Set([...this.#prefixes.keys()].map((prefix) => prefix.length));
    this.#prefixLengths = [...lengths].sort((a, b) => b - a);
    this.#patterns = [...this.#segments].map(segmentPatternOf).sort(bySpecificity);
  }

  find(path: string, operation: VaultAclOperation): EffectiveRule | undefined {
    const exact = this.#exact.get(path);
    if (exact !== undefined) return exact;
    // A list of `a/` is also allowed, or denied, by what is said of `a`, unless `a/` has a rule of its own. Longer
    // matches come first, so that a list cannot slip past a denial of `a/*`.
    const lists = (operation === "list" || operation === "scan") && path.endsWith("/");
    if (!lists) return this.#findPattern(path);
    const bare = path.slice(0, -1);
    return this.#exact.get(bare) ?? this.#findPattern(path) ?? this.#findPattern(bare);
  }

  /** Whether a rule for some path at or below `path`, which ends in a slash, gives anything. */
  reachesBelow(path: string): boolean {
    for (const rules of [this.#exact, this.#prefixes]) {
      for (const [place, rule] of rules) if (place.startsWith(path) && gives(rule)) return true;
    }
    const segments = path.slice(0, -1).split("/");
    return this.#patterns.some((pattern) => gives(pattern.rule) && leadsInto(pattern, segments));
  }

  /** The rules for exact paths and for beginnings of paths. */
  list(): readonly PlacedEffectiveRule[] {
    const exact = [...this.#exact].map(([path, rule]) => ({ path, isPrefix: false, rule }));
    return [...exact, ...[...this.#prefixes].map(([path, rule]) => ({ path, isPrefix: true, rule }))];
  }

  #findPattern(path: string): EffectiveRule | undefined {
    const prefix = this.#findPrefix(path);
    if (this.#patterns.length === 0) return prefix?.rule;
    const segments = path.split("/");
    const pattern = this.#patterns.find((each) => matchesSegments(each, segments));
    if (pattern === undefined || prefix === undefined) return (pattern ?? prefix)?.rule;
    return bySpecificity(pattern, specificityOfPrefix(prefix.text)) < 0 ? pattern.rule : prefix.rule;
  }

  #findPrefix(path: string): { text: string; rule: EffectiveRule } | undefined {
    for (const length of this.#prefixLengths) {
      if (length > path.length) continue;
      const text = path.slice(0, length);
      const rule = this.#prefixes.get(text);
      if (rule !== undefined) return { text, rule };
    }
    return undefined;
  }
}

/** A rule and where it holds. */
export interface PlacedEffectiveRule {
  /** Without the `*` at its end. */
  readonly path: string;
  readonly isPrefix: boolean;
  readonly rule: EffectiveRule;
}

function gives({ capabilities }: EffectiveRule): boolean {
  return capabilities.size > 0 && !capabilities.has("deny");
}

/** Whether paths that begin with these segments and go on can match. */
function leadsInto({ segments: wanted, isPrefix }: SegmentPattern, segments: readonly string[]): boolean {
  const last = wanted.length - 1;
  const covers = segments.every((segment, index) => {
    const part = wanted[index];
    if (part === undefined) return isPrefix;
    return part === "+" || part === segment || (isPrefix && index === last && segment.startsWith(part));
  });
  return covers && (isPrefix || wanted.length > segments.length);
}

/** What decides between two patterns that match one path. Lengths are in bytes of UTF-8. */
interface Specificity {
  readonly firstWildcard: number;
  readonly isPrefix: boolean;
  readonly wildcards: number;
  readonly text: string;
}

interface SegmentPattern extends Specificity {
  readonly segments: readonly string[];
  readonly rule: EffectiveRule;
}

function segmentPatternOf([path, rule]: readonly [string, EffectiveRule]): SegmentPattern {
  const isPrefix = path.endsWith("*");
  const text = isPrefix ? path.slice(0, -1) : path;
  const segments = text.split("/");
  return {
    // The first `+` of any kind, as in the original: `a/+b` has one too, though it stands for itself.
    firstWildcard: Buffer.byteLength(path.slice(0, path.indexOf("+"))),
    isPrefix,
    wildcards: segments.filter((segment) => segment === "+").length,
    text,
    segments,
    rule,
  };
}

function specificityOfPrefix(text: string): Specificity {
  return { firstWildcard: Buffer.byteLength(text), isPrefix: true, wildcards: 0, text };
}

/** Below 0 where `left` is the more specific one. */
function bySpecificity(left: Specificity, right: Specificity): number {
  return (
    right.firstWildcard - left.firstWildcard ||
    Number(left.isPrefix) - Number(right.isPrefix) ||
    left.wildcards - right.wildcards ||
    Buffer.byteLength(right.text) - Buffer.byteLength(left.text) ||
    Buffer.compare(Buffer.from(right.text), Buffer.from(left.text))
  );
}

/** `+` stands for one segment, an empty one too. */
function matchesSegments(pattern: SegmentPattern, segments: readonly string[]): boolean {
  const { segments: wanted, isPrefix } = pattern;
  if (isPrefix ? segments.length < wanted.length : segments.length !== wanted.length) return false;
  const last = wanted.length - 1;
  return wanted.every((part, index) => {
    const segment = segments[index] ?? "";
    return part === "+" || part === segment || (isPrefix && index === last && segment.startsWith(part));
  });
}
