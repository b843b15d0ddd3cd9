import {
  deleteIdentityPolicy,
  getKeyPolicy,
  listIdentityPolicies,
  putIdentityPolicy,
  putKeyPolicy,
} from "@coffer/service";
import { answer, definePlainRoute, noContent, type Parameter, type RestRoute } from "../http/route.ts";
import { restLimits } from "../limits.ts";
import { keyIdParameter, keyReference } from "./key-id.ts";
import { principalArn, principalParameter } from "./principal-ref.ts";

const tag = "admin";

const nameParameter: Parameter = {
  name: "name",
  in: "path",
  required: true,
  schema: {
    type: "string",
    minLength: 1,
    maxLength: restLimits.policyNameChars.value,
    pattern: "^[\\w+=,.@\\-]+$",
    description: "Name of the policy: letters, digits and +=,.@_-",
    examples: ["orders"],
  },
};

const documentSchema = {
  type: "object",
  description: "A policy document in IAM's language.",
  additionalProperties: true,
} as const;

const identityExample = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: ["kms:Encrypt", "kms:Decrypt"], Resource: "*" }],
};

const keyPolicyExample = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*", Resource: "*" },
  ],
};

const put = definePlainRoute(
  {
    method: "PUT",
    path: "/admin/policies/{name}",
    operationId: "putPolicy",
    tag,
    summary: "Attach a policy to a user or role, or replace it; it holds for the very next request",
    parameters: [nameParameter, principalParameter],
    document: { description: "The policy document.", example: identityExample },
    answers: { status: 204, description: "The policy holds." },
  },
  async (call) => {
    await call.execute(putIdentityPolicy, {
      principalArn: principalArn(call.requiredText("principal"), call.context.principal.account),
      policyName: call.requiredText("name"),
      document: call.bodyText,
    });
    return noContent;
  },
);

const list = definePlainRoute(
  {
    method: "GET",
    path: "/admin/policies",
    operationId: "listPolicies",
    tag,
    summary: "List a principal's policies with their documents",
    parameters: [principalParameter],
    answers: {
      status: 200,
      description: "The policies.",
      schema: {
        type: "object",
        properties: {
          principal: { type: "string", description: "ARN of the principal." },
          policies: {
            type: "array",
            description: "Policies, by name.",
            items: {
              type: "object",
              properties: { name: { type: "string", description: "Name of the policy." }, document: documentSchema },
              required: ["name", "document"],
              additionalProperties: false,
            },
          },
        },
        required: ["principal", "policies"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const principal = principalArn(call.requiredText("principal"), call.context.principal.account);
    const { policies } = await call.execute(listIdentityPolicies, { principalArn: principal });
    return answer(200, {
      principal,
      policies: policies.map(({ name, document }) => ({ name, document: JSON.parse(document) as unknown })),
    });
  },
);

const remove = definePlainRoute(
  {
    method: "DELETE",
    path: "/admin/policies/{name}",
    operationId: "deletePolicy",
    tag,
    summary: "Take a policy from a user or role; it ends with the very next request",
    parameters: [nameParameter, principalParameter],
    answers: { status: 204, description: "The policy is gone." },
  },
  async (call) => {
    await call.execute(deleteIdentityPolicy, {
      principalArn: principalArn(call.requiredText("principal"), call.context.principal.account),
      policyName: call.requiredText("name"),
    });
    return noContent;
  },
);

const putForKey = definePlainRoute(
  {
    method: "PUT",
    path: "/admin/key-policies/{keyID}",
    operationId: "putKeyPolicy",
    tag,
    summary: "Replace the policy of a key; it holds for the very next request",
    parameters: [keyIdParameter],
    document: { description: "The key policy document.", example: keyPolicyExample },
    answers: { status: 204, description: "The policy holds." },
  },
  async (call) => {
    const keyId = keyReference(call.requiredText("keyID"), "keyID");
    await call.execute(putKeyPolicy, { keyId, policy: call.bodyText });
    return noContent;
  },
);

const getForKey = definePlainRoute(
  {
    method: "GET",
    path: "/admin/key-policies/{keyID}",
    operationId: "getKeyPolicy",
    tag,
    summary: "Show the policy of a key",
    parameters: [keyIdParameter],
    answers: { status: 200, description: "The policy document, as `PUT` takes it.", schema: documentSchema },
  },
  async (call) => {
    const keyId = keyReference(call.requiredText("keyID"), "keyID");
    const { policy } = await call.execute(getKeyPolicy, { keyId });
    // A stored policy is a JSON object: it goes out as it was put.
    return { status: 200, json: policy };
  },
);

/** Policies of principals and keys. */
export const policyRoutes: readonly RestRoute[] = [put, list, putForKey, getForKey, remove];
