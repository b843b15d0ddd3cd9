import { createPrincipal, deletePrincipal, limits, listPrincipals, type PrincipalRecord } from "@coffer/service";
import { refuseMember } from "../http/check.ts";
import { answer, definePlainRoute, defineRoute, noContent, type RestRoute } from "../http/route.ts";
import { isoTime } from "./key-format.ts";
import { limitParameter, markerParameter, nextSchema } from "./keys.ts";

const tag = "admin";

const kindSchema = { type: "string", enum: ["user", "role"], description: "Kind of the principal." } as const;
const nameSchema = {
  type: "string",
  minLength: 1,
  maxLength: limits.principalNameChars.value,
  description: "Name of the principal: letters, digits and +=,.@_-",
  examples: ["alice"],
} as const;

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
      properties: { kind: kindSchema, name: nameSchema },
      required: ["kind", "name"],
      additionalProperties: false,
      examples: [{ kind: "user", name: "alice" }],
    },
    answers: { status: 201, description: "The principal is made.", schema: principalAnswer },
  },
  async (call) => {
    const { kind, name } = call.body;
    const { principal } = await call.execute(createPrincipal, { kind: kindOf(kind), name });
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

const remove = definePlainRoute(
  {
    method: "DELETE",
    path: "/admin/principals/{kind}/{name}",
    operationId: "deletePrincipal",
    tag,
    summary: "Delete a user or role with its access keys, tokens and policies; they stop working at once",
    parameters: [
      { name: "kind", in: "path", required: true, schema: { ...kindSchema, examples: ["user"] } },
      { name: "name", in: "path", required: true, schema: nameSchema },
    ],
    answers: { status: 204, description: "It is gone." },
  },
  async (call) => {
    const input = { kind: kindOf(call.requiredText("kind")), name: call.requiredText("name") };
    await call.execute(deletePrincipal, input);
    return noContent;
  },
);

/** Users and roles. Deleting comes last in the description, behind what needs them. */
export const principalRoutes: readonly RestRoute[] = [create, list];
export const principalRemovalRoutes: readonly RestRoute[] = [remove];
