import { flagText, isOn } from "../command.ts";
import {
  type AdminRow,
  markerOption,
  ofPrincipal,
  principalNote,
  readJsonDocument,
  segment,
  withQuery,
} from "./admin-row.ts";

const policyNote = "POLICY is a managed policy: its name, or its ARN (AWS's own: by ARN).";
const fileNote = "FILE is an IAM policy document; - reads standard input.";

function pathOf(policy: string | undefined, rest = ""): string {
  return `/admin/managed-policies/${segment(policy!)}${rest}`;
}

/** Managed policies, their versions, and whom they are attached to. */
export const managedPolicyRows: readonly AdminRow[] = [
  {
    name: "create-managed-policy",
    summary: "Make a managed policy, to be attached to users and roles or to bound them",
    takes: ["NAME", "FILE"],
    options: [{ name: "description", placeholder: "TEXT", doc: "What it is for." }],
    notes: [fileNote],
    example: "orders-reader policy.json",
    request: ([name, file], invocation) => ({
      method: "POST",
      path: "/admin/managed-policies",
      body: {
        name,
        description: flagText(invocation, "description"),
        document: readJsonDocument(file!, invocation),
      },
    }),
  },
  {
    name: "list-managed-policies",
    summary: "List managed policies: the account's own, then AWS's",
    takes: [],
    options: [{ name: "scope", placeholder: "local|aws", doc: "Only the account's own, or only AWS's." }, markerOption],
    example: "--scope local",
    request: (_args, invocation) => ({
      method: "GET",
      path: withQuery("/admin/managed-policies", {
        scope: flagText(invocation, "scope"),
        marker: flagText(invocation, "marker"),
      }),
    }),
  },
  {
    name: "get-managed-policy",
    summary: "Show a managed policy and how often it is used",
    takes: ["POLICY"],
    notes: [policyNote],
    example: "orders-reader",
    request: ([policy]) => ({ method: "GET", path: pathOf(policy) }),
  },
  {
    name: "list-policy-principals",
    summary: "List the users and roles that a managed policy is attached to",
    takes: ["POLICY"],
    options: [markerOption],
    notes: [policyNote],
    example: "orders-reader",
    request: ([policy], invocation) => ({
      method: "GET",
      path: withQuery(pathOf(policy, "/principals"), { marker: flagText(invocation, "marker") }),
    }),
  },
  {
    name: "delete-managed-policy",
    summary: "Delete a managed policy that nobody has and that has one version",
    takes: ["POLICY"],
    notes: [policyNote],
    example: "orders-reader",
    request: ([policy]) => ({ method: "DELETE", path: pathOf(policy) }),
  },
  {
    name: "create-policy-version",
    summary: "Add a version to a managed policy",
    takes: ["POLICY", "FILE"],
    options: [{ name: "set-default", doc: "Make it the one that applies, from the next request on." }],
    notes: [policyNote, fileNote],
    example: "orders-reader policy.json --set-default",
    request: ([policy, file], invocation) => ({
      method: "POST",
      path: pathOf(policy, "/versions"),
      body: { document: readJsonDocument(file!, invocation), set_default: isOn(invocation, "set-default") },
    }),
  },
  {
    name: "list-policy-versions",
    summary: "List the versions of a managed policy with their documents",
    takes: ["POLICY"],
    notes: [policyNote],
    example: "orders-reader",
    request: ([policy]) => ({ method: "GET", path: pathOf(policy, "/versions") }),
  },
  {
    name: "get-policy-version",
    summary: "Show a version of a managed policy",
    takes: ["POLICY", "VERSION"],
    notes: [policyNote],
    example: "orders-reader v2",
    request: ([policy, version]) => ({ method: "GET", path: pathOf(policy, `/versions/${segment(version!)}`) }),
  },
  {
    name: "set-default-policy-version",
    summary: "Choose the version of a managed policy that applies",
    takes: ["POLICY", "VERSION"],
    notes: [policyNote],
    example: "orders-reader v1",
    request: ([policy, version]) => ({ method: "PUT", path: pathOf(policy, "/default-version"), body: { version } }),
  },
  {
    name: "delete-policy-version",
    summary: "Delete a version of a managed policy that does not apply",
    takes: ["POLICY", "VERSION"],
    notes: [policyNote],
    example: "orders-reader v1",
    request: ([policy, version]) => ({ method: "DELETE", path: pathOf(policy, `/versions/${segment(version!)}`) }),
  },
  {
    name: "attach-policy",
    summary: "Attach a managed policy to a user or role; it holds for the next request",
    takes: ["PRINCIPAL", "POLICY"],
    notes: [principalNote, policyNote],
    example: "role/reader orders-reader",
    request: ([principal, policy]) => ({
      method: "PUT",
      path: ofPrincipal(`/admin/attached-policies/${segment(policy!)}`, principal!),
    }),
  },
  {
    name: "detach-policy",
    summary: "Detach a managed policy from a user or role",
    takes: ["PRINCIPAL", "POLICY"],
    notes: [principalNote, policyNote],
    example: "role/reader orders-reader",
    request: ([principal, policy]) => ({
      method: "DELETE",
      path: ofPrincipal(`/admin/attached-policies/${segment(policy!)}`, principal!),
    }),
  },
  {
    name: "list-attached-policies",
    summary: "List the managed policies that are attached to a user or role",
    takes: ["PRINCIPAL"],
    notes: [principalNote],
    example: "role/reader",
    request: ([principal]) => ({ method: "GET", path: ofPrincipal("/admin/attached-policies", principal!) }),
  },
];
