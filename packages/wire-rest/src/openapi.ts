import type { Member, MemberType } from "./members.ts";
import type { Route } from "./route.ts";

const pairs = { type: "object", additionalProperties: { type: "string" } };

const schemas: Readonly<Record<MemberType, Readonly<Record<string, unknown>>>> = {
  string: { type: "string" },
  integer: { type: "integer" },
  context: pairs,
  tags: pairs,
};

function memberSchema({ type, about, choices, min, max }: Member): Record<string, unknown> {
  return {
    ...schemas[type],
    description: about,
    ...(choices === undefined ? {} : { enum: choices }),
    ...(type === "integer" ? { minimum: min, maximum: max } : {}),
    ...(type === "string" && max !== undefined ? { maxLength: max } : {}),
  };
}

function bodySchema(route: Route): Record<string, unknown> | undefined {
  if (route.bodyIsDocument === true) return { type: "object", description: "A policy document" };
  if (route.body === undefined) return undefined;
  const required = [...route.body].filter(([, member]) => member.required === true).map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries([...route.body].map(([name, member]) => [name, memberSchema(member)])),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

function parameters(route: Route): Record<string, unknown>[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = [...(route.query ?? [])].map(([name, member]) => ({
    name,
    in: "query",
    required: member.required === true,
    schema: memberSchema(member),
  }));
  return [...inPath, ...inQuery];
}

function describe(route: Route): Record<string, unknown> {
  const body = bodySchema(route);
  const success =
    route.status === 204
      ? { description: "Done" }
      : { description: "Done", content: { "application/json": { schema: { type: "object" } } } };
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[^a-zA-Z]+(\w)?/g, (_all, next: string | undefined) => next?.toUpperCase() ?? "")}`,
    ...(parameters(route).length === 0 ? {} : { parameters: parameters(route) }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    responses: {
      [String(route.status)]: success,
      default: { $ref: "#/components/responses/Problem" },
    },
    ...(route.open === undefined ? {} : { security: [] }),
  };
}

/** The OpenAPI 3.1 document of the routes. */
export function openApiDocument(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const methods = paths[route.path] ?? {};
    methods[route.method.toLowerCase()] = describe(route);
    paths[route.path] = methods;
  }
  return {
    openapi: "3.1.0",
    info: { title: "Coffer REST API", version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      responses: {
        Problem: {
          description: "A problem document (RFC 9457)",
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
      schemas: {
        Problem: {
          type: "object",
          required: ["type", "title", "status", "detail", "request_id"],
          properties: {
            type: { type: "string" },
            title: { type: "string" },
            status: { type: "integer" },
            detail: { type: "string" },
            request_id: { type: "string" },
          },
        },
      },
    },
  };
}
