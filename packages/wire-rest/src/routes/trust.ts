import { limits, putTrustPolicy } from "@coffer/service";
import { refuseMember } from "../http/check.ts";
import { defineRoute, noContent, type RestRoute } from "../http/route.ts";
import { onPrincipal, principalArn, principalSchema } from "./principal-ref.ts";

export const trustPolicySchema = {
  type: "object",
  description: "Who may assume the role: a trust policy in IAM's language.",
  additionalProperties: true,
} as const;

export const assumableBySchema = {
  type: "array",
  description: "Who may assume the role, in place of a trust policy: `user/NAME`, `role/NAME`, `root`, or ARNs.",
  items: principalSchema,
} as const;

interface Trust {
  readonly trust_policy?: unknown;
  readonly assumable_by?: readonly string[];
}

/**
 * The trust policy that a body asks for, as a document; undefined when it asks for none.
 *
 * @param account the caller's account
 * @throws ServiceError InvalidInput
 */
export function trustPolicyOf({ trust_policy, assumable_by }: Trust, account: string): string | undefined {
  if (assumable_by === undefined) return trust_policy === undefined ? undefined : JSON.stringify(trust_policy);
  if (trust_policy !== undefined) {
    refuseMember("assumable_by", "Give trust_policy or assumable_by, not both.");
  }
  if (assumable_by.length === 0) {
    refuseMember("assumable_by", "assumable_by names nobody. Name a principal, or leave it out.");
  }
  const arns = assumable_by.map((text) => principalArn(text, account));
  const statement = { Effect: "Allow", Principal: { AWS: arns }, Action: "sts:AssumeRole" };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

const putTrust = onPrincipal(putTrustPolicy);

const put = defineRoute(
  {
    method: "PUT",
    path: "/admin/roles/{name}/trust-policy",
    operationId: "putTrustPolicy",
    tag: "admin",
    summary: "Say who may assume a role; it holds for the very next request for a session",
    parameters: [
      {
        name: "name",
        in: "path",
        required: true,
        schema: {
          type: "string",
          minLength: 1,
          maxLength: limits.principalNameChars.value,
          pattern: "^[\\w+=,.@\\-]+$",
          description: "Name of the role: letters, digits and +=,.@_-",
          examples: ["reader"],
        },
      },
    ],
    body: {
      type: "object",
      properties: { trust_policy: trustPolicySchema, assumable_by: assumableBySchema },
      required: [],
      additionalProperties: false,
      examples: [{ assumable_by: ["user/alice"] }],
    },
    answers: { status: 204, description: "The trust policy holds." },
  },
  async (call) => {
    const document = trustPolicyOf(call.body, call.context.principal.account);
    if (document === undefined) refuseMember("trust_policy", "Give trust_policy or assumable_by.");
    await putTrust(call, `role/${call.requiredText("name")}`, { document });
    return noContent;
  },
);

/** Who may assume a role. */
export const trustRoutes: readonly RestRoute[] = [put];
