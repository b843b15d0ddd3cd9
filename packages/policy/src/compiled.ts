import type { CompiledCondition } from "./conditions.ts";
import type { PrincipalMatcher, Strength } from "./principals.ts";
import { type ActionMatcher, matchesAction, type ResourceMatcher } from "./targets.ts";
import type { Effect, StatementMatch } from "./types.ts";

export interface CompiledStatement {
  /** Position in the document, from 0. */
  readonly index: number;
  readonly sid?: string;
  readonly effect: Effect;
  /** Undefined in policies that name no principals. */
  readonly principal: PrincipalMatcher | undefined;
  readonly action: ActionMatcher;
  /** Undefined in a key policy statement without Resource, which AWS accepts and which applies to nothing. */
  readonly resource: ResourceMatcher | undefined;
  readonly conditions: readonly CompiledCondition[];
  /** The answer for each `Strength`, made once so that an evaluation makes none. */
  readonly matches: Readonly<Record<Strength, StatementMatch>>;
}

/** The statements whose action element covers one action. */
export interface Candidates {
  readonly denies: readonly CompiledStatement[];
  readonly allows: readonly CompiledStatement[];
}

const maxRememberedActions = 256;

/** Finds the statements for an action, and remembers the answer. Bounded, since the action may come from outside. */
export class ActionIndex {
  readonly #statements: readonly CompiledStatement[];
  readonly #remembered = new Map<string, Candidates>();

  constructor(statements: readonly CompiledStatement[]) {
    this.#statements = statements;
  }

  candidatesFor(action: string): Candidates {
    const known = this.#remembered.get(action);
    if (known !== undefined) return known;
    const covering = this.#statements.filter((statement) => matchesAction(statement.action, action));
    const candidates = {
      denies: covering.filter((statement) => statement.effect === "Deny"),
      allows: covering.filter((statement) => statement.effect === "Allow"),
    };
    if (this.#remembered.size >= maxRememberedActions) this.#remembered.clear();
    this.#remembered.set(action, candidates);
    return candidates;
  }
}
