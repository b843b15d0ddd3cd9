import { rootArn } from "@coffer/service";
import { refuseMember, showName } from "../http/check.ts";
import type { Parameter } from "../http/route.ts";
import type { TextSchema } from "../http/schema.ts";

const shortPattern = /^(user|role)\/([\w+=,.@-]{1,64})$/;
const arnPattern = /^arn:aws:iam::[0-9]{12}:(?:root|(?:user|role)\/[\w+=,.@-]{1,64})$/;

export const principalSchema: TextSchema = {
  type: "string",
  description: "Whom it is for: `user/NAME`, `role/NAME`, `root`, or an ARN.",
  minLength: 1,
  maxLength: 256,
  examples: ["user/alice"],
};

/** `?principal=` of admin endpoints. */
export const principalParameter: Parameter = {
  name: "principal",
  in: "query",
  required: true,
  schema: principalSchema,
};

/**
 * The ARN of a principal that a caller names.
 *
 * @param account the caller's account
 * @throws ServiceError InvalidInput
 */
export function principalArn(text: string, account: string): string {
  if (text === "root") return rootArn(account);
  if (shortPattern.test(text)) return `arn:aws:iam::${account}:${text}`;
  if (arnPattern.test(text)) return text;
  return refuseMember("principal", `${showName(text)} is no principal: write user/NAME, role/NAME, root, or an ARN.`);
}
