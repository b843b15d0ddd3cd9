import {
  type Core,
  execute,
  type Operation,
  type RequestContext,
  ServiceError,
  type WireAnswer,
} from "@coffer/service";
import type { Member, Values } from "./members.ts";

/** What a handler gets. */
export class RestCall {
  readonly core: Core;
  readonly context: RequestContext;
  /** The parts of the path that the route's pattern names, decoded. */
  readonly path: ReadonlyMap<string, string>;
  readonly query: Values;
  readonly body: Values;
  #audited = false;

  constructor(parts: Pick<RestCall, "core" | "context" | "path" | "query" | "body">) {
    this.core = parts.core;
    this.context = parts.context;
    this.path = parts.path;
    this.query = parts.query;
    this.body = parts.body;
  }

  /** Whether an operation ran, and with it left its audit record. */
  get audited(): boolean {
    return this.#audited;
  }

  /** Runs an operation of the core. @throws ServiceError */
  execute<Input, Output>(operation: Operation<Input, Output>, input: Input): Promise<Output> {
    this.#audited = true;
    return execute(this.core, operation, input, this.context);
  }
}

/** What a handler answers: the route's status with this body, or none. */
export type RestResult = Readonly<Record<string, unknown>> | null;

/** One route: matched by it, read by it, and described by it in the OpenAPI document. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** `/keys/{keyID}` */
  readonly path: string;
  readonly summary: string;
  readonly query?: ReadonlyMap<string, Member>;
  readonly body?: ReadonlyMap<string, Member>;
  /** The whole body is one document, such as a policy: read as the member `document`. */
  readonly bodyIsDocument?: boolean;
  readonly status: 200 | 201 | 204;
  /** Answers without a token, and is not audited: a probe. */
  readonly open?: (call: Pick<RestCall, "core">) => Pick<WireAnswer, "status" | "body"> & { readonly type: string };
  readonly run?: (call: RestCall) => Promise<RestResult>;
}

/** Declares the members of a body or a query. */
export function members(record: Readonly<Record<string, Member>>): ReadonlyMap<string, Member> {
  return new Map(Object.entries(record));
}

/** A part of the path that the pattern is known to have. */
export function pathPart(call: RestCall, name: string): string {
  const value = call.path.get(name);
  if (value === undefined) throw ServiceError.of("NotFound", { resource: "route", id: name });
  return value;
}

/** A match of a path: the routes on it by method, and the named parts. */
export interface RouteMatch {
  readonly byMethod: ReadonlyMap<string, Route>;
  readonly parts: ReadonlyMap<string, string>;
}

interface Pattern {
  readonly segments: readonly string[];
  readonly byMethod: Map<string, Route>;
}

/** Finds routes by decoded path segments. */
export class RouteTable {
  readonly #patterns: Pattern[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const segments = route.path.split("/").slice(1);
      const known = this.#patterns.find((pattern) => pattern.segments.join("/") === segments.join("/"));
      const pattern = known ?? { segments, byMethod: new Map<string, Route>() };
      if (known === undefined) this.#patterns.push(pattern);
      pattern.byMethod.set(route.method, route);
    }
  }

  match(segments: readonly string[]): RouteMatch | undefined {
    for (const pattern of this.#patterns) {
      if (pattern.segments.length !== segments.length) continue;
      const parts = new Map<string, string>();
      const fits = pattern.segments.every((expected, index) => {
        const actual = segments[index]!;
        if (!expected.startsWith("{")) return expected === actual;
        parts.set(expected.slice(1, -1), actual);
        return true;
      });
      if (fits) return { byMethod: pattern.byMethod, parts };
    }
    return undefined;
  }
}
