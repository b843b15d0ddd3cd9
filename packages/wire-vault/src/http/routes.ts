import type { Core, MountRecord } from "@coffer/service";
import type { RouteHandler, VaultOperation } from "./call.ts";

/** One endpoint: its path, the parameters that it knows, and what it does for each operation. */
export interface Route {
  /**
   * Segments joined by `/`: a literal, `:name` for what Vault takes as a name, or `*` at the end for the whole rest.
   */
  readonly pattern: string;
  /** Parameters of the body or query; others are named in a warning and ignored. */
  readonly fields: readonly string[];
  readonly operations: Readonly<Partial<Record<VaultOperation, RouteHandler>>>;
  /** The path may end in a slash: Vault's lists. */
  readonly slash?: boolean;
  /** Operations that need no token, such as a login. ACL policies are not asked. */
  readonly open?: readonly VaultOperation[];
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

/** Finds routes by path. Built once. */
export class RouteTable {
  readonly #byFirst = new Map<string, Compiled[]>();

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
  }

  /**
   * The route of a path.
   *
   * @param segments none is empty
   * @param trailingSlash whether the path ended in a slash that its operation does not imply
   */
  match(segments: readonly string[], trailingSlash: boolean): RouteMatch | undefined {
    for (const candidate of this.#byFirst.get(segments[0] ?? "") ?? []) {
      if (trailingSlash && candidate.route.slash !== true) continue;
      const captures = capture(candidate.segments, segments);
      if (captures !== undefined) {
        return { route: candidate.route, captures, fields: candidate.fields, operations: candidate.operations };
      }
    }
    return undefined;
  }
}

function capture(pattern: readonly string[], segments: readonly string[]): string[] | undefined {
  const captures: string[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const wanted = pattern[index]!;
    const given = segments[index];
    if (given === undefined) return undefined;
    if (wanted === "*") return [...captures, segments.slice(index).join("/")];
    if (wanted === ":name") {
      if (!namePattern.test(given)) return undefined;
      captures.push(given);
    } else if (wanted !== given) return undefined;
  }
  return segments.length === pattern.length ? captures : undefined;
}
