import { OperatorError } from "@coffer/server/config";
import { flagText, type Invocation, type OptionRow } from "../command.ts";
import { type AdminRow, ofPrincipal, principalNote, readJsonDocument, segment, withQuery } from "./admin-row.ts";

const trustOptions: readonly OptionRow[] = [
  {
    name: "trust",
    placeholder: "FILE",
    doc: "Trust policy: who may assume the role, in IAM's language; - reads standard input.",
  },
  {
    name: "assumable-by",
    placeholder: "PRINCIPAL",
    many: true,
    doc: "Who may assume the role, instead of a trust policy: user/NAME, role/NAME, root, or an ARN. Repeatable.",
  },
];

interface Trust {
  readonly trust_policy?: unknown;
  readonly assumable_by?: readonly string[];
}

/** What the options say of who may assume a role; empty when they say nothing. */
function trustOf(invocation: Invocation): Trust {
  const file = flagText(invocation, "trust");
  const principals = invocation.flags.get("assumable-by");
  if (file !== undefined && principals !== undefined) {
    throw new OperatorError("give --trust FILE or --assumable-by PRINCIPAL, not both.", 2);
  }
  if (file !== undefined) return { trust_policy: readJsonDocument(file, invocation) };
  return principals === undefined ? {} : { assumable_by: principals };
}

const principalOptions: readonly OptionRow[] = [
  { name: "description", placeholder: "TEXT", doc: "What it is for." },
  { name: "boundary", placeholder: "POLICY", doc: "Managed policy that bounds it from the start." },
];

function createBody(kind: "user" | "role", name: string | undefined, invocation: Invocation) {
  const options = { description: flagText(invocation, "description"), boundary: flagText(invocation, "boundary") };
  return { kind, name, ...options };
}

/** Users and roles, and who may assume a role. */
export const principalRows: readonly AdminRow[] = [
  {
    name: "create-user",
    summary: "Make a user; it may do nothing until a policy allows it",
    takes: ["NAME"],
    options: principalOptions,
    example: "alice",
    request: ([name], invocation) => ({
      method: "POST",
      path: "/admin/principals",
      body: createBody("user", name, invocation),
    }),
  },
  {
    name: "create-role",
    summary: "Make a role; nobody assumes it unless --trust or --assumable-by says who may",
    takes: ["NAME"],
    options: [...trustOptions, ...principalOptions],
    example: "reader --assumable-by user/alice",
    request: ([name], invocation) => ({
      method: "POST",
      path: "/admin/principals",
      body: { ...createBody("role", name, invocation), ...trustOf(invocation) },
    }),
  },
  {
    name: "set-trust",
    summary: "Say who may assume a role, in place of who might before",
    takes: ["ROLE"],
    options: trustOptions,
    notes: ["ROLE is the role's name. Sessions that there are go on; the next AssumeRole is decided anew."],
    example: "reader --assumable-by user/alice --assumable-by role/deploy",
    request: ([role], invocation) => {
      const body = trustOf(invocation);
      if (Object.keys(body).length === 0) {
        throw new OperatorError("say who may assume the role: --trust FILE, or --assumable-by PRINCIPAL.", 2);
      }
      return { method: "PUT", path: `/admin/roles/${segment(role!)}/trust-policy`, body };
    },
  },
  {
    name: "describe",
    summary: "Show a user or role: ARN, tags, who may assume it, what bounds it",
    takes: ["user|role", "NAME"],
    example: "role reader",
    request: ([kind, name]) => ({ method: "GET", path: `/admin/principals/${segment(kind!)}/${segment(name!)}` }),
  },
  {
    name: "set-boundary",
    summary: "Bound a user or role: its policies allow nothing that this one does not allow as well",
    takes: ["PRINCIPAL", "POLICY"],
    notes: [principalNote, "POLICY is a managed policy: its name or ARN."],
    example: "user/alice orders-reader",
    request: ([principal, policy]) => ({
      method: "PUT",
      path: ofPrincipal("/admin/permissions-boundary", principal!),
      body: { policy },
    }),
  },
  {
    name: "delete-boundary",
    summary: "Take the boundary from a user or role",
    takes: ["PRINCIPAL"],
    notes: [principalNote],
    example: "user/alice",
    request: ([principal]) => ({ method: "DELETE", path: ofPrincipal("/admin/permissions-boundary", principal!) }),
  },
  {
    name: "create-identity-provider",
    summary: "Trust an OpenID Connect issuer: AssumeRoleWithWebIdentity takes its tokens",
    takes: ["URL"],
    options: [
      { name: "audience", placeholder: "TEXT", many: true, doc: "Audience whose tokens are accepted. Repeatable." },
    ],
    notes: ["A role's trust policy still has to name the provider (Principal: Federated)."],
    example: "https://token.actions.githubusercontent.com --audience sts.amazonaws.com",
    request: ([url], { flags }) => ({
      method: "POST",
      path: "/admin/identity-providers",
      body: { url, audiences: flags.get("audience") },
    }),
  },
  {
    name: "list-identity-providers",
    summary: "List the OpenID Connect issuers that are trusted",
    takes: [],
    example: "",
    request: () => ({ method: "GET", path: "/admin/identity-providers" }),
  },
  {
    name: "delete-identity-provider",
    summary: "Trust an OpenID Connect issuer no more",
    takes: ["URL"],
    notes: ["URL is the issuer's, or the provider's ARN."],
    example: "https://token.actions.githubusercontent.com",
    request: ([url]) => ({ method: "DELETE", path: withQuery("/admin/identity-providers", { provider: url }) }),
  },
];
