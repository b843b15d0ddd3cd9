import { byName, type Operation, rootArn } from "@coffer/service";
import { refuseMember, showName } from "../http/check.ts";
import type { Parameter, RestCall } from "../http/route.ts";
import type { TextSchema } from "../http/schema.ts";

const shortPattern = /^(user|role)\/([\w+=,.@-]{1,64})$/;
const arnPattern = /^arn:aws:iam::[0-9]{12}:(?:root|(?:user|role)\/(?:[\x21-\x7e]+\/)?[\w+=,.@-]{1,64})$/;

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

/**
 * Makes an operation on a user or role one that takes what a caller wrote: a short name is looked up, so that it finds
 * its user or role whatever the path is.
 *
 * @throws ServiceError InvalidInput, beside what the operation throws
 */
export function onPrincipal<Input extends { readonly principalArn: string }, Output>(
  operation: Operation<Input, Output>,
) {
  const named = byName(operation);
  return (
    call: Pick<RestCall<unknown>, "context" | "execute">,
    text: string,
    input: Omit<Input, "principalArn">,
  ): Promise<Output> => {
    const [, kind, name] = shortPattern.exec(text) ?? [];
    if (kind !== undefined) return call.execute(named, { ...input, kind: kind === "role" ? "role" : "user", name });
    const arn = principalArn(text, call.context.principal.account);
    return call.execute(operation, { ...input, principalArn: arn } as unknown as Input);
  };
}
