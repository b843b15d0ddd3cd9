import {
  createPrincipal,
  deletePrincipal,
  getPrincipal,
  limits,
  listPrincipals,
  type PrincipalRecord,
} from "@coffer/service";
import { refuseMember } from "../http/check.ts";
import { answer, definePlainRoute, defineRoute, noContent, type RestRoute } from "../http/route.ts";
import { isoTime } from "./key-format.ts";
import { limitParameter, markerParameter, nextSchema } from "./keys.ts";
import { policyArn, policySchema } from "./policy-ref.ts";
import { onPrincipal } from "./principal-ref.ts";
import { assumableBySchema, trustPolicyOf, trustPolicySchema } from "./trust.ts";

const tag = "admin";

const kindSchema = { type: "string", enum: ["user", "role"], description: "Kind of the principal." } as const;
const nameSchema = {
  type: "string",
  minLength: 1,
  maxLength: limits.principalNameChars.value,
  description: "Name of the principal: letters, digits and +=,.@_-",
  examples: ["alice"],
} as const;

const pathParameters = [
  { name: "kind", in: "path", required: true, schema: { ...kindSchema, examples: ["user"] } },
  { name: "name", in: "path", required: true, schema: nameSchema },
] as const;

const principalAnswer = {
  type: "object",
  properties: {
    kind: kindSchema,
    name: nameSchema,
    arn: { type: "string", description: "ARN of the principal, for policies." },
    created_at: { type: "string", format: "date-time", description: "When it was made." },
  },
  required: ["kind", "name", "arn", "created_at"],
  additionalProperties: false,
} as const;

function format({ kind, name, arn, createdAtMs }: PrincipalRecord) {
  return { kind, name, arn, created_at: isoTime(createdAtMs) };
}

function kindOf(text: string): "user" | "role" {
  return text === "user" || text === "role" ? text : refuseMember("kind", "kind must be one of user, role.");
}

const create = defineRoute(
  {
    method: "POST",
    path: "/admin/principals",
    operationId: "createPrincipal",
    tag,
    summary: "Make a user or role; it may do nothing until a policy allows it",
    body: {
      type: "object",
      properties: {
        kind: kindSchema,
        name: nameSchema,
        description: {
          type: "string",
          maxLength: 1000,
          description: "What it is for.",
        },
        trust_policy: trustPolicySchema,
        assumable_by: assumableBySchema,
        boundary: policySchema,
      },
      required: ["kind", "name"],
      additionalProperties: false,
      examples: [{ kind: "user", name: "alice" }],
    },
    answers: { status: 201, description: "The principal is made.", schema: principalAnswer },
  },
  async (call) => {
    const { kind, name, description, boundary } = call.body;
    const { account } = call.context.principal;
    const trustPolicy = trustPolicyOf(call.body, account);
    if (kind === "user" && trustPolicy !== undefined) {
      refuseMember("kind", "Nobody assumes a user: make a role, or leave trust_policy and assumable_by out.");
    }
    const boundaryArn = boundary === undefined ? undefined : policyArn(boundary, account);
    const input = { kind: kindOf(kind), name, description, trustPolicy, boundaryArn };
    const { principal } = await call.execute(createPrincipal, input);
    return answer(201, format(principal));
  },
);

const list = definePlainRoute(
  {
    method: "GET",
    path: "/admin/principals",
    operationId: "listPrincipals",
    tag,
    summary: "List users and roles",
    parameters: [limitParameter, markerParameter],
    answers: {
      status: 200,
      description: "One page of principals.",
      schema: {
        type: "object",
        properties: {
          principals: { type: "array", description: "Principals, by ARN.", items: principalAnswer },
          next: nextSchema,
        },
        required: ["principals"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const page = await call.execute(listPrincipals, { limit: call.integer("limit"), marker: call.text("marker") });
    return answer(200, { principals: page.items.map(format), next: page.nextMarker });
  },
);

const read = onPrincipal(getPrincipal);

const describe = definePlainRoute(
  {
    method: "GET",
    path: "/admin/principals/{kind}/{name}",
    operationId: "describePrincipal",
    tag,
    summary: "Show a user or role, with who may assume it and what bounds it",
    parameters: pathParameters,
    answers: {
      status: 200,
      description: "The principal.",
      schema: {
        type: "object",
        properties: {
          ...principalAnswer.properties,
          id: { type: "string", description: "Unique id, never used again." },
          path: { type: "string", description: "Path, a part of the ARN." },
          description: { type: "string", description: "What it is for." },
          tags: {
            type: "object",
            description: "Tags.",
            maxProperties: limits.tags.value,
            additionalProperties: { type: "string" },
          },
          trust_policy: { ...trustPolicySchema, description: "Who may assume the role; absent when nobody." },
          max_session_seconds: {
            type: "integer",
            minimum: 3600,
            maximum: 43_200,
            description: "How long a session of the role may last; absent means 3600.",
          },
          boundary: { type: "string", description: "ARN of the policy that bounds it; absent when none." },
        },
        required: [...principalAnswer.required, "id", "path", "description", "tags"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const text = `${kindOf(call.requiredText("kind"))}/${call.requiredText("name")}`;
    const { principal } = await read(call, text, {});
    const { trustPolicy, maxSessionSeconds, boundaryArn } = principal;
    return answer(200, {
      ...format(principal),
      id: principal.principalId,
      path: principal.path,
      description: principal.description,
      tags: Object.fromEntries(principal.tags.map(({ key, value }) => [key, value])),
      ...(trustPolicy === undefined ? {} : { trust_policy: JSON.parse(trustPolicy) as unknown }),
      ...(maxSessionSeconds === undefined ? {} : { max_session_seconds: maxSessionSeconds }),
      ...(boundaryArn === undefined ? {} : { boundary: boundaryArn }),
    });
  },
);

const remove = definePlainRoute(
  {
    method: "DELETE",
    path: "/admin/principals/{kind}/{name}",
    operationId: "deletePrincipal",
    tag,
    summary: "Delete a user or role with its access keys, tokens and policies; they stop working at once",
    parameters: pathParameters,
    answers: { status: 204, description: "It is gone." },
  },
  async (call) => {
    const input = { kind: kindOf(call.requiredText("kind")), name: call.requiredText("name") };
    await call.execute(deletePrincipal, input);
    return noContent;
  },
);

/** Users and roles. Deleting comes last in the description, behind what needs them. */
export const principalRoutes: readonly RestRoute[] = [create, list, describe];
export const principalRemovalRoutes: readonly RestRoute[] = [remove];
