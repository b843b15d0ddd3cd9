import type { Route } from "../http/routes.ts";
import { leaseRoutes } from "../leases/routes.ts";
import { hashRoute } from "../transit/hash.ts";
import { randomRoute } from "../transit/random.ts";
import { wrappingRoutes } from "../wrapping/routes.ts";
import { auditRoutes } from "./audit.ts";
import { capabilitiesRoutes } from "./capabilities.ts";
import { lockedUserRoutes } from "./locked-users.ts";
import { mountRoutes } from "./mount-routes.ts";
import { passwordPolicyRoutes } from "./password-policies.ts";
import { policyRoutes } from "./policies.ts";
import { sealRoutes } from "./seal/routes.ts";

/** The endpoints below `sys/`, in the order in which they are tried. */
export const sysRoutes: readonly Route[] = [
  ...sealRoutes,
  ...auditRoutes,
  ...mountRoutes,
  ...lockedUserRoutes,
  ...capabilitiesRoutes,
  ...policyRoutes,
  ...passwordPolicyRoutes,
  ...["tools/hash", "tools/hash/:name"].map((pattern) => ({
    pattern,
    fields: ["algorithm", "format", "input"],
    operations: { update: hashRoute },
  })),
  ...wrappingRoutes,
  ...leaseRoutes,
  { pattern: "tools/random", fields: ["bytes", "format", "source"], operations: { update: randomRoute } },
  { pattern: "tools/random/:name", fields: ["bytes", "format", "source"], operations: { update: randomRoute } },
  { pattern: "tools/random/:name/:name", fields: ["bytes", "format", "source"], operations: { update: randomRoute } },
];
