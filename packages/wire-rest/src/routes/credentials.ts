import { createAccessKey, createToken, deleteAccessKey, listCredentials, revokeToken } from "@coffer/service";
import { answer, definePlainRoute, defineRoute, noContent, type RestRoute } from "../http/route.ts";
import { restLimits } from "../limits.ts";
import { isoTime } from "./key-format.ts";
import { principalArn, principalParameter, principalSchema } from "./principal-ref.ts";

const tag = "admin";

const arnAnswer = { type: "string", description: "ARN of the principal." } as const;
const timeAnswer = (description: string) => ({ type: "string", format: "date-time", description }) as const;

const purposeSchema = {
  type: "string",
  description:
    "`xks`: a secret as long as AWS KMS asks for with an external key store proxy. `api` when it is left out.",
  enum: ["api", "xks"],
} as const;

const accessKey = defineRoute(
  {
    method: "POST",
    path: "/admin/access-keys",
    operationId: "createAccessKey",
    tag,
    summary: "Make an access key for the AWS API; its secret is shown once",
    body: {
      type: "object",
      properties: { principal: principalSchema, purpose: purposeSchema },
      required: ["principal"],
      additionalProperties: false,
      examples: [{ principal: "user/alice" }],
    },
    answers: {
      status: 201,
      description: "The access key. The secret cannot be read again.",
      schema: {
        type: "object",
        properties: {
          principal: arnAnswer,
          access_key_id: { type: "string", description: "Access key id." },
          secret_access_key: { type: "string", description: "Secret access key." },
          created_at: timeAnswer("When it was made."),
        },
        required: ["principal", "access_key_id", "secret_access_key", "created_at"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const principal = principalArn(call.body.principal, call.context.principal.account);
    const { record, secretAccessKey } = await call.execute(createAccessKey, {
      principalArn: principal,
      purpose: call.body.purpose === "xks" ? "xks" : "api",
    });
    return answer(201, {
      principal,
      access_key_id: record.accessKeyId,
      secret_access_key: secretAccessKey,
      created_at: isoTime(record.createdAtMs),
    });
  },
);

const removeAccessKey = definePlainRoute(
  {
    method: "DELETE",
    path: "/admin/access-keys/{id}",
    operationId: "deleteAccessKey",
    tag,
    summary: "Delete an access key; it stops working at once",
    parameters: [
      {
        name: "id",
        in: "path",
        required: true,
        schema: { type: "string", minLength: 1, maxLength: 128, description: "Access key id." },
      },
    ],
    answers: { status: 204, description: "It is gone." },
  },
  async (call) => {
    await call.execute(deleteAccessKey, { accessKeyId: call.requiredText("id") });
    return noContent;
  },
);

const token = defineRoute(
  {
    method: "POST",
    path: "/admin/tokens",
    operationId: "createToken",
    tag,
    summary: "Make a token for the REST and Vault APIs; it is shown once",
    body: {
      type: "object",
      properties: {
        principal: principalSchema,
        lifetime_seconds: {
          type: "integer",
          minimum: 1,
          maximum: restLimits.tokenLifetimeSeconds.value,
          description: "How long the token works; for ever when it is left out.",
        },
        name: {
          type: "string",
          minLength: 1,
          maxLength: restLimits.tokenNameChars.value,
          description: "What the token is for; shown beside it in listings.",
        },
      },
      required: ["principal"],
      additionalProperties: false,
      examples: [{ principal: "user/alice", lifetime_seconds: 86_400, name: "laptop" }],
    },
    answers: {
      status: 201,
      description: "The token. It cannot be read again.",
      schema: {
        type: "object",
        properties: {
          principal: arnAnswer,
          token: { type: "string", description: "The token." },
          accessor: { type: "string", description: "Names the token where the token itself must not be shown." },
          name: { type: "string", description: "What the token is for." },
          expires_at: timeAnswer("When it stops working; absent when never."),
        },
        required: ["principal", "token", "accessor", "name"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const { lifetime_seconds: seconds, name } = call.body;
    const principal = principalArn(call.body.principal, call.context.principal.account);
    const created = await call.execute(createToken, {
      principalArn: principal,
      displayName: name,
      lifetimeMs: seconds === undefined ? undefined : seconds * 1000,
    });
    const { accessor, displayName, expiresAtMs } = created.record;
    return answer(201, {
      principal,
      token: created.token,
      accessor,
      name: displayName,
      ...(expiresAtMs === undefined ? {} : { expires_at: isoTime(expiresAtMs) }),
    });
  },
);

const removeToken = definePlainRoute(
  {
    method: "DELETE",
    path: "/admin/tokens/{accessor}",
    operationId: "revokeToken",
    tag,
    summary: "Revoke a token; it stops working at once",
    parameters: [
      {
        name: "accessor",
        in: "path",
        required: true,
        schema: { type: "string", minLength: 1, maxLength: 128, description: "Accessor of the token." },
      },
      principalParameter,
    ],
    answers: { status: 204, description: "It is gone." },
  },
  async (call) => {
    const principal = principalArn(call.requiredText("principal"), call.context.principal.account);
    await call.execute(revokeToken, { principalArn: principal, accessor: call.requiredText("accessor") });
    return noContent;
  },
);

const credentials = definePlainRoute(
  {
    method: "GET",
    path: "/admin/credentials",
    operationId: "listCredentials",
    tag,
    summary: "List a principal's access keys and tokens, without secrets",
    parameters: [principalParameter],
    answers: {
      status: 200,
      description: "Access keys and tokens.",
      schema: {
        type: "object",
        properties: {
          principal: arnAnswer,
          access_keys: {
            type: "array",
            description: "Access keys.",
            items: {
              type: "object",
              properties: {
                access_key_id: { type: "string", description: "Access key id." },
                active: { type: "boolean", description: "Whether it works." },
                created_at: timeAnswer("When it was made."),
              },
              required: ["access_key_id", "active", "created_at"],
              additionalProperties: false,
            },
          },
          tokens: {
            type: "array",
            description: "Tokens.",
            items: {
              type: "object",
              properties: {
                accessor: { type: "string", description: "Names the token." },
                name: { type: "string", description: "What the token is for." },
                created_at: timeAnswer("When it was made."),
                expires_at: timeAnswer("When it stops working; absent when never."),
              },
              required: ["accessor", "name", "created_at"],
              additionalProperties: false,
            },
          },
        },
        required: ["principal", "access_keys", "tokens"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const principal = principalArn(call.requiredText("principal"), call.context.principal.account);
    const found = await call.execute(listCredentials, { principalArn: principal });
    return answer(200, {
      principal,
      access_keys: found.accessKeys.map(({ accessKeyId, active, createdAtMs }) => ({
        access_key_id: accessKeyId,
        active,
        created_at: isoTime(createdAtMs),
      })),
      tokens: found.tokens.map(({ accessor, displayName, createdAtMs, expiresAtMs }) => ({
        accessor,
        name: displayName,
        created_at: isoTime(createdAtMs),
        ...(expiresAtMs === undefined ? {} : { expires_at: isoTime(expiresAtMs) }),
      })),
    });
  },
);

/** Access keys and tokens. */
export const credentialRoutes: readonly RestRoute[] = [accessKey, token, credentials, removeToken, removeAccessKey];
