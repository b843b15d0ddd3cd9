import { attachPolicy, deleteBoundary, detachPolicy, listAttachedPolicies, putBoundary } from "@coffer/service";
import { answer, definePlainRoute, defineRoute, noContent, type RestRoute } from "../http/route.ts";
import { policyArn, policyParameter, policySchema } from "./policy-ref.ts";
import { onPrincipal, principalParameter } from "./principal-ref.ts";

const tag = "admin";

const attachTo = onPrincipal(attachPolicy);
const detachFrom = onPrincipal(detachPolicy);
const listOf = onPrincipal(listAttachedPolicies);
const bound = onPrincipal(putBoundary);
const unbound = onPrincipal(deleteBoundary);

const attach = definePlainRoute(
  {
    method: "PUT",
    path: "/admin/attached-policies/{policy}",
    operationId: "attachPolicy",
    tag,
    summary: "Attach a managed policy to a user or role; it holds for the very next request",
    parameters: [policyParameter, principalParameter],
    answers: { status: 204, description: "It is attached." },
  },
  async (call) => {
    const arn = policyArn(call.requiredText("policy"), call.context.principal.account);
    await attachTo(call, call.requiredText("principal"), { policyArn: arn });
    return noContent;
  },
);

const list = definePlainRoute(
  {
    method: "GET",
    path: "/admin/attached-policies",
    operationId: "listAttachedPolicies",
    tag,
    summary: "List the managed policies that are attached to a user or role",
    parameters: [principalParameter],
    answers: {
      status: 200,
      description: "The policies.",
      schema: {
        type: "object",
        properties: {
          policies: {
            type: "array",
            description: "Managed policies.",
            items: { type: "string", description: "ARN of a policy." },
          },
        },
        required: ["policies"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const { policies } = await listOf(call, call.requiredText("principal"), {});
    return answer(200, { policies: policies.map((row) => row.policyArn) });
  },
);

const detach = definePlainRoute(
  {
    method: "DELETE",
    path: "/admin/attached-policies/{policy}",
    operationId: "detachPolicy",
    tag,
    summary: "Detach a managed policy from a user or role; it ends with the very next request",
    parameters: [policyParameter, principalParameter],
    answers: { status: 204, description: "It is detached." },
  },
  async (call) => {
    const arn = policyArn(call.requiredText("policy"), call.context.principal.account);
    await detachFrom(call, call.requiredText("principal"), { policyArn: arn });
    return noContent;
  },
);

const put = defineRoute(
  {
    method: "PUT",
    path: "/admin/permissions-boundary",
    operationId: "putPermissionsBoundary",
    tag,
    summary: "Bound a user or role: its policies allow nothing that this one does not allow as well",
    parameters: [principalParameter],
    body: {
      type: "object",
      properties: { policy: policySchema },
      required: ["policy"],
      additionalProperties: false,
      examples: [{ policy: "orders-reader" }],
    },
    answers: { status: 204, description: "The boundary holds." },
  },
  async (call) => {
    const boundaryArn = policyArn(call.body.policy, call.context.principal.account);
    await bound(call, call.requiredText("principal"), { boundaryArn });
    return noContent;
  },
);

const remove = definePlainRoute(
  {
    method: "DELETE",
    path: "/admin/permissions-boundary",
    operationId: "deletePermissionsBoundary",
    tag,
    summary: "Take the boundary from a user or role",
    parameters: [principalParameter],
    answers: { status: 204, description: "It is gone." },
  },
  async (call) => {
    await unbound(call, call.requiredText("principal"), {});
    return noContent;
  },
);

/** Managed policies on users and roles, and their boundaries. */
export const attachmentRoutes: readonly RestRoute[] = [attach, list, detach, put, remove];
