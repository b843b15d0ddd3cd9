import { invariant } from "@coffer/service";
import { type Compilable, type RawBuilder, sql } from "kysely";
import type { SqlValue } from "../schema/column.ts";

/** SQL compiled once, with a place for each argument. `A` names the arguments and their types. */
export interface Query<A> {
  readonly sql: string;
  /** The values of the SQL's parameters, in their order. */
  bind(args: A): SqlValue[];
}

/** Stands in a compiled query for the argument of a name. */
class Argument {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** The place of an argument in a query under construction. */
export type ArgumentOf<A> = <N extends keyof A & string>(name: N) => RawBuilder<A[N]>;

/**
 * Compiles a query once.
 *
 * @param build makes the query; where it needs a value of a call it takes `argument("name")`
 */
export function compileQuery<A extends object>(build: (argument: ArgumentOf<A>) => Compilable): Query<A> {
  const compiled = build((name) => sql`${new Argument(name)}`).compile();
  return {
    sql: compiled.sql,
    bind: (args) =>
      compiled.parameters.map((parameter) => {
        if (!(parameter instanceof Argument)) return parameter as SqlValue;
        const value = (args as Readonly<Record<string, SqlValue | undefined>>)[parameter.name];
        invariant(value !== undefined, "a query has all of its arguments");
        return value;
      }),
  };
}
