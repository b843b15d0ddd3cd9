import { explainRequest, simulatePolicy } from "@coffer/service";
import { answer, definePlainRoute, defineRoute, type RestRoute } from "../http/route.ts";
import type { DocumentSchema } from "../http/schema.ts";
import { restLimits } from "../limits.ts";
import { keyIdSchema, keyReference } from "./key-id.ts";
import { principalArn, principalSchema } from "./principal-ref.ts";

const tag = "admin";
const maxArnChars = 2048;

const bySchema: DocumentSchema = {
  type: "object",
  description: "What decided: `source`, and where it is a policy its position, the statement's and its `sid`.",
  additionalProperties: true,
};

const statementsSchema = {
  type: "array",
  description: "Statements that were looked at; `failed` says which element did not match, and what each side had.",
  items: { type: "object", description: "One statement.", additionalProperties: true },
} as const;

const remediesSchema = {
  type: "array",
  description: "What would allow it, the least first. All `steps` of one remedy are needed.",
  items: { type: "object", description: "One remedy.", additionalProperties: true },
} as const;

const reasonSchema = {
  type: "string",
  description: "Why: `explicit-deny`, `implicit-deny`, `key-policy`, ...",
} as const;

const simulate = defineRoute(
  {
    method: "POST",
    path: "/admin/simulate",
    operationId: "simulatePolicy",
    tag,
    summary: "Ask what the policies would decide now, and why; nothing is done",
    body: {
      type: "object",
      properties: {
        principal: {
          ...principalSchema,
          maxLength: maxArnChars,
          description: "Who asks: `user/NAME`, `role/NAME`, `root`, an ARN, or a service such as `s3.amazonaws.com`.",
        },
        action: { type: "string", minLength: 1, maxLength: 129, description: "An action, such as `kms:Decrypt`." },
        key_id: keyIdSchema,
        context: {
          type: "object",
          description: "The encryption context of the request.",
          maxProperties: restLimits.contextPairs.value,
          additionalProperties: { type: "string" },
        },
        conditions: {
          type: "array",
          description: "Values of condition keys; a key with several values comes several times.",
          items: {
            type: "object",
            properties: {
              key: { type: "string", minLength: 1, maxLength: maxArnChars, description: "A condition key." },
              value: { type: "string", maxLength: maxArnChars, description: "Its value." },
            },
            required: ["key", "value"],
            additionalProperties: false,
          },
        },
      },
      required: ["principal", "action"],
      additionalProperties: false,
      examples: [{ principal: "user/alice", action: "kms:Decrypt", key_id: "orders", context: { order: "4711" } }],
    },
    answers: {
      status: 200,
      description: "The decision.",
      schema: {
        type: "object",
        properties: {
          principal: { type: "string", description: "ARN of who asks." },
          action: { type: "string", description: "The action." },
          resource: { type: "string", description: "ARN of the key, or `*`." },
          allowed: { type: "boolean", description: "Whether the policies allow it." },
          reason: reasonSchema,
          by: bySchema,
          grant: {
            type: "object",
            description: "A grant of the caller that would have allowed it, and what of its constraints `failed`.",
            additionalProperties: true,
          },
          statements: statementsSchema,
          remedies: remediesSchema,
          absent_condition_keys: {
            type: "array",
            description: "Condition keys that policies asked for and the described request does not have.",
            items: { type: "string", description: "A condition key, in lower case." },
          },
          similar_actions: {
            type: "array",
            description: "Present where AWS KMS has no such action: those that may have been meant, the nearest first.",
            items: { type: "string", description: "An action." },
          },
        },
        required: ["principal", "action", "resource", "allowed", "reason", "statements", "remedies"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const { principal, action, key_id, context, conditions } = call.body;
    const { absentConditionKeys, similarActions, ...decision } = await call.execute(simulatePolicy, {
      principal:
        principal.endsWith(".amazonaws.com") || principal.startsWith("arn:")
          ? principal
          : principalArn(principal, call.context.principal.account),
      action,
      keyId: key_id === undefined ? undefined : keyReference(key_id),
      encryptionContext: context,
      conditions,
    });
    return answer(200, {
      ...decision,
      absent_condition_keys: absentConditionKeys,
      ...(similarActions === undefined ? {} : { similar_actions: similarActions }),
    });
  },
);

const explain = definePlainRoute(
  {
    method: "GET",
    path: "/admin/explain/{requestID}",
    operationId: "explainRequest",
    tag,
    summary: "Say what was decided on a past request, and why",
    parameters: [
      {
        name: "requestID",
        in: "path",
        required: true,
        schema: {
          type: "string",
          minLength: 1,
          maxLength: 128,
          pattern: "^[\\w-]+$",
          description: "The id that the answer carried: `x-amzn-requestid`, `request_id` or `X-Request-Id`.",
        },
      },
      {
        name: "before",
        in: "query",
        required: false,
        schema: {
          type: "integer",
          minimum: 1,
          maximum: Number.MAX_SAFE_INTEGER,
          description: "Looks at audit records before this sequence number; the newest when absent.",
        },
      },
    ],
    answers: {
      status: 200,
      description: "The request's records among those that were looked at.",
      schema: {
        type: "object",
        properties: {
          events: {
            type: "array",
            description: "What was decided, a record each.",
            items: { type: "object", description: "One record.", additionalProperties: true },
          },
          before: {
            type: "integer",
            minimum: 1,
            maximum: Number.MAX_SAFE_INTEGER,
            description: "Present when nothing was found yet: ask again with it, for older records.",
          },
        },
        required: ["events"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const requestId = call.requiredText("requestID");
    return answer(200, await call.execute(explainRequest, { requestId, before: call.integer("before") }));
  },
);

/** What the policies decide and have decided. */
export const explanationRoutes: readonly RestRoute[] = [simulate, explain];
