import {
  createManagedPolicy,
  deleteManagedPolicy,
  getManagedPolicy,
  limits,
  listEntitiesForPolicy,
  listManagedPolicies,
  type ManagedPolicyRecord,
} from "@coffer/service";
import { answer, definePlainRoute, defineRoute, noContent, type RestRoute } from "../http/route.ts";
import { isoTime } from "./key-format.ts";
import { limitParameter, markerParameter, nextSchema } from "./keys.ts";
import { policyArn, policyParameter } from "./policy-ref.ts";

const tag = "admin";

const count = (description: string) => ({ type: "integer", minimum: 0, maximum: 2 ** 31, description }) as const;

const policyAnswer = {
  type: "object",
  properties: {
    name: { type: "string", description: "Name of the policy." },
    arn: { type: "string", description: "ARN of the policy." },
    description: { type: "string", description: "What it is for." },
    default_version: count("The version that applies."),
    attachments: count("How many users and roles it is attached to."),
    boundary_uses: count("How many users and roles it bounds."),
    created_at: { type: "string", format: "date-time", description: "When it was made." },
    updated_at: { type: "string", format: "date-time", description: "When its versions last changed." },
  },
  required: [
    "name",
    "arn",
    "description",
    "default_version",
    "attachments",
    "boundary_uses",
    "created_at",
    "updated_at",
  ],
  additionalProperties: false,
} as const;

function format(policy: ManagedPolicyRecord) {
  return {
    name: policy.name,
    arn: policy.arn,
    description: policy.description,
    default_version: policy.defaultVersion,
    attachments: policy.attachments,
    boundary_uses: policy.boundaryUses,
    created_at: isoTime(policy.createdAtMs),
    updated_at: isoTime(policy.updatedAtMs),
  };
}

const create = defineRoute(
  {
    method: "POST",
    path: "/admin/managed-policies",
    operationId: "createManagedPolicy",
    tag,
    summary: "Make a managed policy, to be attached to users and roles or to bound them",
    body: {
      type: "object",
      properties: {
        name: {
          type: "string",
          minLength: 1,
          maxLength: limits.identityPolicyNameChars.value,
          description: "Name of the policy: letters, digits and +=,.@_-",
        },
        description: { type: "string", maxLength: 1000, description: "What it is for." },
        document: {
          type: "object",
          description: "The policy document, in IAM's language.",
          additionalProperties: true,
        },
      },
      required: ["name", "document"],
      additionalProperties: false,
      examples: [
        {
          name: "orders-reader",
          document: {
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Action: "kms:Decrypt", Resource: "*" }],
          },
        },
      ],
    },
    answers: { status: 201, description: "The policy is made.", schema: policyAnswer },
  },
  async (call) => {
    const { name, description, document } = call.body;
    const input = { name, description, document: JSON.stringify(document) };
    const { policy } = await call.execute(createManagedPolicy, input);
    return answer(201, format(policy));
  },
);

const list = definePlainRoute(
  {
    method: "GET",
    path: "/admin/managed-policies",
    operationId: "listManagedPolicies",
    tag,
    summary: "List managed policies: the account's own by name, then AWS's",
    parameters: [
      {
        name: "scope",
        in: "query",
        required: false,
        schema: { type: "string", enum: ["local", "aws"], description: "Only the account's own, or only AWS's." },
      },
      limitParameter,
      markerParameter,
    ],
    answers: {
      status: 200,
      description: "One page of policies.",
      schema: {
        type: "object",
        properties: {
          policies: { type: "array", description: "Policies.", items: policyAnswer },
          next: nextSchema,
        },
        required: ["policies"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const scope = call.text("scope");
    const page = await call.execute(listManagedPolicies, {
      scope: scope === undefined ? undefined : scope === "aws" ? "AWS" : "Local",
      limit: call.integer("limit"),
      marker: call.text("marker"),
    });
    return answer(200, { policies: page.items.map(format), next: page.nextMarker });
  },
);

const get = definePlainRoute(
  {
    method: "GET",
    path: "/admin/managed-policies/{policy}",
    operationId: "getManagedPolicy",
    tag,
    summary: "Show a managed policy; its documents are its versions",
    parameters: [policyParameter],
    answers: { status: 200, description: "The policy.", schema: policyAnswer },
  },
  async (call) => {
    const arn = policyArn(call.requiredText("policy"), call.context.principal.account);
    return answer(200, format((await call.execute(getManagedPolicy, { policyArn: arn })).policy));
  },
);

const principals = definePlainRoute(
  {
    method: "GET",
    path: "/admin/managed-policies/{policy}/principals",
    operationId: "listPolicyPrincipals",
    tag,
    summary: "List the users and roles that a managed policy is attached to",
    parameters: [policyParameter, limitParameter, markerParameter],
    answers: {
      status: 200,
      description: "One page of ARNs.",
      schema: {
        type: "object",
        properties: {
          principals: {
            type: "array",
            description: "Users and roles.",
            items: { type: "string", description: "ARN of a user or role." },
          },
          next: nextSchema,
        },
        required: ["principals"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const arn = policyArn(call.requiredText("policy"), call.context.principal.account);
    const input = { policyArn: arn, limit: call.integer("limit"), marker: call.text("marker") };
    const page = await call.execute(listEntitiesForPolicy, input);
    return answer(200, { principals: page.items.map((row) => row.arn), next: page.nextMarker });
  },
);

const remove = definePlainRoute(
  {
    method: "DELETE",
    path: "/admin/managed-policies/{policy}",
    operationId: "deleteManagedPolicy",
    tag,
    summary: "Delete a managed policy that nobody has and that has one version",
    parameters: [policyParameter],
    answers: { status: 204, description: "It is gone." },
  },
  async (call) => {
    const arn = policyArn(call.requiredText("policy"), call.context.principal.account);
    await call.execute(deleteManagedPolicy, { policyArn: arn });
    return noContent;
  },
);

/** Managed policies. */
export const managedPolicyRoutes: readonly RestRoute[] = [create, list, get, principals, remove];
