import type { RestMethod, RestRoute } from "./route.ts";

interface Path {
  readonly template: readonly string[];
  readonly routes: ReadonlyMap<RestMethod, RestRoute>;
}

/** A path that the API has. */
export interface PathMatch {
  readonly routes: ReadonlyMap<RestMethod, RestRoute>;
  /** Path parameters by name. */
  readonly captures: ReadonlyMap<string, string>;
}

function isParameter(part: string): boolean {
  return part.startsWith("{");
}

/** Finds routes by decoded path segments. Built once. */
export class Router {
  /** By first segment, which is never a parameter. */
  readonly #paths = new Map<string, Path[]>();

  constructor(routes: readonly RestRoute[]) {
    const byPath = new Map<string, Map<RestMethod, RestRoute>>();
    for (const route of routes) {
      byPath.set(route.path, (byPath.get(route.path) ?? new Map()).set(route.method, route));
    }
    for (const [path, methods] of byPath) {
      const template = path.slice(1).split("/");
      const first = template[0]!;
      this.#paths.set(first, [...(this.#paths.get(first) ?? []), { template, routes: methods }]);
    }
  }

  /** The path that the segments spell; undefined when the API has none. */
  match(segments: readonly string[]): PathMatch | undefined {
    for (const { template, routes } of this.#paths.get(segments[0] ?? "") ?? []) {
      const captures = capture(template, segments);
      if (captures !== undefined) return { routes, captures };
    }
    return undefined;
  }
}

function capture(template: readonly string[], segments: readonly string[]): Map<string, string> | undefined {
  if (template.length !== segments.length) return undefined;
  const captures = new Map<string, string>();
  for (let index = 0; index < template.length; index += 1) {
    const part = template[index]!;
    const segment = segments[index]!;
    if (isParameter(part)) captures.set(part.slice(1, -1), segment);
    else if (part !== segment) return undefined;
  }
  return captures;
}
