import type { Route } from "../http/routes.ts";
import { aliasRoutes } from "./aliases.ts";
import { entityRoutes } from "./entities.ts";
import { groupAliasRoutes } from "./group-aliases.ts";
import { groupRoutes } from "./groups.ts";

/** The endpoints below `identity/`. */
export const identityRoutes: readonly Route[] = [...entityRoutes, ...aliasRoutes, ...groupRoutes, ...groupAliasRoutes];
