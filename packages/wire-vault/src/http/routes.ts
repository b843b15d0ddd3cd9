import type { Core, MountRecord, TokenRecord } from "@coffer/service";
import type { RouteHandler, VaultOperation } from "./call.ts";

/** One endpoint: its path, the parameters that it knows, and what it does for each operation. */
export interface Route {
  /**
   * Segments joined by `/`: a literal, `:name` for what Vault takes as a name, or `*` at the end for the whole rest, with
   * the slash that it may end in. `*` alone is for every path that no other route begins as, an empty one too.
   */
  readonly pattern: string;
  /** Parameters of the body or query; others are named in a warning and ignored. */
  readonly fields: readonly string[];
  readonly operations: Readonly<Partial<Record<VaultOperation, RouteHandler>>>;
  /** All parameters of a body are what is kept, such as a secret's: none is unknown. */
  readonly anyFields?: boolean;
  /** The path may end in a slash: Vault's lists. */
  readonly slash?: boolean;
  /**
   * What does not count in the names of the path, so that ACL policies must allow them as they are kept too: their case, or
   * space around the name that the pattern's `*` stands for as well.
   */
  readonly folds?: "case" | "caseAndSpace";
  /** Operations that need no token, such as a login. ACL policies are not asked. */
  readonly open?: readonly VaultOperation[];
  /** A token that is shown on an open operation is looked at all the same, and must be a good one. */
  readonly optionalToken?: boolean;
  /** A wrapping token, in the body or as the caller's own, is looked at before the caller is. */
  readonly wrappingToken?: boolean;
  /** Operations that need `sudo` too (OpenBao: a backend's `PathsSpecial.Root`). */
  readonly sudo?: readonly VaultOperation[];
  /**
   * Whether what the path names is there: then a write is an `update`, else a `create` (OpenBao: `ExistenceCheck`). Absent:
   * every write is an update.
   */
  readonly exists?: (path: RoutePath) => boolean | Promise<boolean>;
}

/** Where a request wants to, before its caller is let in. */
export interface RoutePath {
  readonly core: Core;
  readonly mount: MountRecord | undefined;
  readonly captures: readonly string[];
  /** Absent when the route needs no token. */
  readonly token: TokenRecord | undefined;
}

interface Compiled {
  readonly route: Route;
  readonly segments: readonly string[];
  readonly fields: ReadonlySet<string>;
  readonly operations: ReadonlyMap<string, RouteHandler>;
}

export interface RouteMatch {
  readonly route: Route;
  readonly captures: readonly string[];
  readonly fields: ReadonlySet<string>;
  readonly operations: ReadonlyMap<string, RouteHandler>;
}

/** What Vault takes as a name in a path (OpenBao, sdk/framework/path.go: `GenericNameRegex`; \w is ASCII there). */
const namePattern = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;

/** Whether Vault takes a text as a name in a path. */
export function isVaultName(text: string): boolean {
  return namePattern.test(text);
}

/** Finds routes by path. Built once. */
export class RouteTable {
  readonly #byFirst = new Map<string, Compiled[]>();
  readonly #others: readonly Compiled[];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const segments = route.pattern.split("/");
      const first = segments[0]!;
      const compiled = {
        route,
        segments,
        fields: new Set(route.fields),
        operations: new Map(Object.entries(route.operations)),
      };
      this.#byFirst.set(first, [...(this.#byFirst.get(first) ?? []), compiled]);
    }
    this.#others = this.#byFirst.get("*") ?? [];
  }

  /**
   * The route of a path.
   *
   * @param segments none is empty
   * @param operation a list ends in a slash always, whether the client wrote it or not
   * @param trailingSlash whether the path ended in one
   */
  match(segments: readonly string[], operation: VaultOperation, trailingSlash: boolean): RouteMatch | undefined {
    const isList = operation === "list" || operation === "scan";
    const needsSlash = trailingSlash || isList;
    // What is not a list names what it says, slash and all: what ACL policies are asked for is what is read.
    const end = trailingSlash && !isList ? "/" : "";
    const first = this.#byFirst.get(segments[0] ?? "") ?? [];
    return matchOf(first, segments, needsSlash, end) ?? matchOf(this.#others, segments, needsSlash, end);
  }
}

function matchOf(
  candidates: readonly Compiled[],
  segments: readonly string[],
  needsSlash: boolean,
  end: string,
): RouteMatch | undefined {
  for (const { route, segments: pattern, fields, operations } of candidates) {
    if (needsSlash && route.slash !== true) continue;
    const captures = capture(pattern, segments, end);
    if (captures !== undefined) return { route, captures, fields, operations };
  }
  return undefined;
}

function capture(pattern: readonly string[], segments: readonly string[], end: string): string[] | undefined {
  const captures: string[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const wanted = pattern[index]!;
    const given = segments[index];
    if (wanted === "*" && (given !== undefined || index === 0)) {
      return [...captures, segments.slice(index).join("/") + end];
    }
    if (given === undefined) return undefined;
    if (wanted === ":name") {
      if (!isVaultName(given)) return undefined;
      captures.push(given);
    } else if (wanted !== given) return undefined;
  }
  return segments.length === pattern.length ? captures : undefined;
}
