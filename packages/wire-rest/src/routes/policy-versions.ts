import {
  createPolicyVersion,
  deletePolicyVersion,
  getPolicyVersion,
  listPolicyVersions,
  type ShownVersion,
  setDefaultPolicyVersion,
} from "@coffer/service";
import { answer, definePlainRoute, defineRoute, noContent, type Parameter, type RestRoute } from "../http/route.ts";
import { isoTime } from "./key-format.ts";
import { policyArn, policyParameter } from "./policy-ref.ts";

const tag = "admin";

const versionSchema = {
  type: "string",
  pattern: "^v?[1-9][0-9]{0,8}$",
  description: "Version of the policy, such as 2 or v2.",
  examples: ["2"],
} as const;

const versionParameter: Parameter = { name: "version", in: "path", required: true, schema: versionSchema };

function versionOf(text: string): number {
  return Number(text.replace(/^v/, ""));
}

const versionAnswer = {
  type: "object",
  properties: {
    version: { type: "integer", minimum: 1, maximum: 999_999_999, description: "Number of the version." },
    is_default: { type: "boolean", description: "Whether it is the one that applies." },
    created_at: { type: "string", format: "date-time", description: "When it was made." },
    document: { type: "object", description: "The policy document.", additionalProperties: true },
  },
  required: ["version", "is_default", "created_at", "document"],
  additionalProperties: false,
} as const;

function format({ version, isDefault }: ShownVersion) {
  return {
    version: version.version,
    is_default: isDefault,
    created_at: isoTime(version.createdAtMs),
    document: JSON.parse(version.document) as unknown,
  };
}

const create = defineRoute(
  {
    method: "POST",
    path: "/admin/managed-policies/{policy}/versions",
    operationId: "createPolicyVersion",
    tag,
    summary: "Add a version to a managed policy; as the default one it holds for the very next request",
    parameters: [policyParameter],
    body: {
      type: "object",
      properties: {
        document: {
          type: "object",
          description: "The policy document, in IAM's language.",
          additionalProperties: true,
        },
        set_default: { type: "boolean", description: "Whether it applies at once; false when it is left out." },
      },
      required: ["document"],
      additionalProperties: false,
      examples: [
        {
          document: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "kms:Encrypt", Resource: "*" }] },
          set_default: true,
        },
      ],
    },
    answers: { status: 201, description: "The version is made.", schema: versionAnswer },
  },
  async (call) => {
    const { document, set_default: setAsDefault = false } = call.body;
    const arn = policyArn(call.requiredText("policy"), call.context.principal.account);
    const input = { policyArn: arn, document: JSON.stringify(document), setAsDefault };
    return answer(201, format(await call.execute(createPolicyVersion, input)));
  },
);

const list = definePlainRoute(
  {
    method: "GET",
    path: "/admin/managed-policies/{policy}/versions",
    operationId: "listPolicyVersions",
    tag,
    summary: "List the versions of a managed policy, newest first, with their documents",
    parameters: [policyParameter],
    answers: {
      status: 200,
      description: "The versions.",
      schema: {
        type: "object",
        properties: { versions: { type: "array", description: "Versions, newest first.", items: versionAnswer } },
        required: ["versions"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const arn = policyArn(call.requiredText("policy"), call.context.principal.account);
    const { versions } = await call.execute(listPolicyVersions, { policyArn: arn });
    return answer(200, { versions: versions.map(format) });
  },
);

const get = definePlainRoute(
  {
    method: "GET",
    path: "/admin/managed-policies/{policy}/versions/{version}",
    operationId: "getPolicyVersion",
    tag,
    summary: "Show a version of a managed policy",
    parameters: [policyParameter, versionParameter],
    answers: { status: 200, description: "The version.", schema: versionAnswer },
  },
  async (call) => {
    const arn = policyArn(call.requiredText("policy"), call.context.principal.account);
    const version = versionOf(call.requiredText("version"));
    return answer(200, format(await call.execute(getPolicyVersion, { policyArn: arn, version })));
  },
);

const remove = definePlainRoute(
  {
    method: "DELETE",
    path: "/admin/managed-policies/{policy}/versions/{version}",
    operationId: "deletePolicyVersion",
    tag,
    summary: "Delete a version of a managed policy that is not the default one",
    parameters: [policyParameter, versionParameter],
    answers: { status: 204, description: "It is gone." },
  },
  async (call) => {
    const arn = policyArn(call.requiredText("policy"), call.context.principal.account);
    await call.execute(deletePolicyVersion, { policyArn: arn, version: versionOf(call.requiredText("version")) });
    return noContent;
  },
);

const setDefault = defineRoute(
  {
    method: "PUT",
    path: "/admin/managed-policies/{policy}/default-version",
    operationId: "setDefaultPolicyVersion",
    tag,
    summary: "Choose the version of a managed policy that applies, from the very next request on",
    parameters: [policyParameter],
    body: {
      type: "object",
      properties: { version: versionSchema },
      required: ["version"],
      additionalProperties: false,
      examples: [{ version: "2" }],
    },
    answers: { status: 204, description: "The version applies." },
  },
  async (call) => {
    const arn = policyArn(call.requiredText("policy"), call.context.principal.account);
    await call.execute(setDefaultPolicyVersion, { policyArn: arn, version: versionOf(call.body.version) });
    return noContent;
  },
);

/** Versions of managed policies. */
export const policyVersionRoutes: readonly RestRoute[] = [create, list, get, setDefault, remove];
