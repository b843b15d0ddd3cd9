import type { RestRoute } from "../http/route.ts";
import { attachmentRoutes } from "./attachments.ts";
import { auditRoutes } from "./audit.ts";
import { credentialRoutes } from "./credentials.ts";
import { cryptoRoutes } from "./crypto.ts";
import { explanationRoutes } from "./explanations.ts";
import { identityProviderRoutes } from "./identity-providers.ts";
import { keyringRoutes } from "./keyring.ts";
import { keyRoutes } from "./keys.ts";
import { managedPolicyRoutes } from "./managed-policies.ts";
import { policyRoutes } from "./policies.ts";
import { policyVersionRoutes } from "./policy-versions.ts";
import { principalRemovalRoutes, principalRoutes } from "./principals.ts";
import { trustRoutes } from "./trust.ts";

/** Every route that needs a token, in the order of the OpenAPI description. */
export const routes: readonly RestRoute[] = [
  ...keyRoutes,
  ...cryptoRoutes,
  ...auditRoutes,
  ...principalRoutes,
  ...credentialRoutes,
  ...policyRoutes,
  ...trustRoutes,
  ...managedPolicyRoutes,
  ...policyVersionRoutes,
  ...attachmentRoutes,
  ...identityProviderRoutes,
  ...explanationRoutes,
  ...principalRemovalRoutes,
  ...keyringRoutes,
];
