import { refuseMember, showName } from "../http/check.ts";
import type { Parameter } from "../http/route.ts";
import type { TextSchema } from "../http/schema.ts";

const namePattern = /^(?:[\x21-\x7e]+\/)?[\w+=,.@-]{1,128}$/;
const arnPattern = /^arn:aws:iam::(?:[0-9]{12}|aws):policy\/(?:[\x21-\x7e]+\/)?[\w+=,.@-]{1,128}$/;

/** How a caller names a managed policy. */
export const policySchema: TextSchema = {
  type: "string",
  description: "A managed policy: its NAME, PATH/NAME when it has a path, or its ARN (AWS's own: by ARN).",
  minLength: 1,
  maxLength: 1024,
  examples: ["orders-reader"],
};

/** `{policy}` of paths. */
export const policyParameter: Parameter = { name: "policy", in: "path", required: true, schema: policySchema };

/**
 * The ARN of a managed policy that a caller names.
 *
 * @param account the caller's account
 * @throws ServiceError InvalidInput
 */
export function policyArn(text: string, account: string): string {
  if (arnPattern.test(text)) return text;
  if (!text.startsWith("arn:") && namePattern.test(text)) return `arn:aws:iam::${account}:policy/${text}`;
  return refuseMember("policy", `${showName(text)} is no managed policy: write NAME, PATH/NAME, or an ARN.`);
}
