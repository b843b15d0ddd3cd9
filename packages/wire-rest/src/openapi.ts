import { bodySchema, type Parameter, type RestRoute } from "./http/route.ts";
import { routes } from "./routes/index.ts";

const json = "application/json";
const problemJson = "application/problem+json";

const problemSchema = {
  type: "object",
  description: "What is wrong and what to do next (RFC 9457).",
  properties: {
    type: {
      type: "string",
      description: "`urn:coffer:error:` and the error's code.",
      examples: ["urn:coffer:error:NotFound"],
    },
    title: { type: "string", description: "The kind of error." },
    status: { type: "integer", description: "The HTTP status." },
    detail: { type: "string", description: "What is wrong with this request and what to do next." },
    member: { type: "string", description: "The member or parameter that is wrong, when it is one." },
    request_id: { type: "string", description: "Finds the request in the audit trail." },
  },
  required: ["type", "title", "status", "detail", "request_id"],
} as const;

const partHealthSchema = {
  type: "object",
  properties: { ok: { type: "boolean" }, reason: { type: "string" } },
  required: ["ok"],
} as const;

const healthSchema = {
  type: "object",
  properties: {
    status: { type: "string", enum: ["ok", "unhealthy"] },
    version: { type: "string" },
    seal: {
      type: "object",
      properties: { sealed: { type: "boolean" }, initialized: { type: "boolean" } },
      required: ["sealed", "initialized"],
    },
    // What follows is told of an open instance only.
    audit: partHealthSchema,
    store: partHealthSchema,
    uptime_seconds: { type: "integer", minimum: 0 },
  },
  required: ["status", "version", "seal"],
} as const;

function describeParameter({ name, in: place, required, schema }: Parameter) {
  const { description, ...rest } = schema;
  return { name, in: place, required, description, schema: rest };
}

function describeBody(route: RestRoute) {
  if (route.document !== undefined) {
    const { description, example } = route.document;
    return { required: true, description, content: { [json]: { schema: { type: "object" }, example } } };
  }
  if (route.body === undefined) return undefined;
  const { examples, ...schema } = bodySchema(route);
  return {
    required: true,
    content: { [json]: { schema, ...(examples === undefined ? {} : { example: examples[0] }) } },
  };
}

function describeRoute(route: RestRoute) {
  const { operationId, tag, summary, parameters = [], answers } = route;
  const requestBody = describeBody(route);
  const success = {
    description: answers.description,
    ...(answers.schema === undefined ? {} : { content: { [json]: { schema: answers.schema } } }),
  };
  return {
    operationId,
    tags: [tag],
    summary,
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(describeParameter) }),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: { [String(answers.status)]: success, default: { $ref: "#/components/responses/Problem" } },
  };
}

function publicPath(operationId: string, summary: string, schema: object, more: object = {}) {
  return {
    get: {
      operationId,
      summary,
      security: [],
      responses: { "200": { description: summary, content: { [json]: { schema } } }, ...more },
    },
  };
}

/** The API as an OpenAPI 3.1 document, made of the table that also serves it. */
export function describeApi(version: string): object {
  const paths: Record<string, Record<string, unknown>> = {
    "/health": publicPath("health", "Whether the server is well", healthSchema, {
      "503": { description: "It is not well.", content: { [json]: { schema: healthSchema } } },
    }),
    "/openapi.json": publicPath("openapi", "This document", { type: "object" }),
  };
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: describeRoute(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Coffer REST API",
      version,
      summary: "Keys, encryption and administration over HTTP and JSON",
      description:
        "The keys are the same as those of the AWS KMS API and of Vault's Transit: a key's name here is its alias there. In dev mode no token is needed.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ bearer: [] }, { vaultToken: [] }],
    tags: [
      { name: "keys", description: "Make keys and care for them" },
      { name: "crypto", description: "Use keys" },
      { name: "audit", description: "Read what happened" },
      { name: "admin", description: "Who may do what" },
    ],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        vaultToken: { type: "apiKey", in: "header", name: "X-Vault-Token" },
      },
      schemas: { Problem: problemSchema },
      responses: {
        Problem: {
          description: "The request was refused.",
          content: { [problemJson]: { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
    },
  };
}
