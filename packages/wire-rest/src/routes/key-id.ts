import { isKeyId } from "@coffer/service";
import { refuseMember, showName } from "../http/check.ts";
import type { Parameter } from "../http/route.ts";
import type { TextSchema } from "../http/schema.ts";
import { restLimits } from "../limits.ts";

const prefix = "alias/";
const namePattern = /^[a-zA-Z0-9_.-]+(?:\/[a-zA-Z0-9_.-]+)*$/;

const wording = "letters, digits, '_', '.' and '-', in parts joined by '/'";

export const keyIdSchema: TextSchema = {
  type: "string",
  description: "Name of the key; or its KMS key id or ARN.",
  minLength: 1,
  maxLength: restLimits.keyReferenceChars.value,
  examples: ["orders"],
};

/** The `{keyID}` of a path. */
export const keyIdParameter: Parameter = {
  name: "keyID",
  in: "path",
  required: true,
  schema: {
    ...keyIdSchema,
    description: "Name of the key, or its KMS key id or ARN. A slash in it is written %2F.",
  },
};

function parseName(text: string, member: string): string {
  const name = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  const dots = name.split("/").some((part) => part === "." || part === "..");
  if (namePattern.test(name) && !dots && name.length <= restLimits.keyIdChars.value) return name;
  const max = restLimits.keyIdChars.value;
  return refuseMember(member, `${showName(text)} is no key name: a name has 1 to ${max} characters: ${wording}.`);
}

/**
 * How the core refers to the key that a caller names: a key id or ARN as it is, a name as its alias.
 *
 * @throws ServiceError InvalidInput
 */
export function keyReference(text: string, member = "key_id"): string {
  if (isKeyId(text) || text.startsWith("arn:")) return text;
  return `${prefix}${parseName(text, member)}`;
}

/**
 * The alias of a key that is to be made. A name that looks like a key id or ARN could never be used again.
 *
 * @throws ServiceError InvalidInput
 */
export function newAlias(text: string): string {
  if (isKeyId(text) || text.startsWith("arn:") || isKeyId(text.slice(prefix.length))) {
    refuseMember("key_id", "A new key's name must not look like a KMS key id or an ARN. Choose another name.");
  }
  const name = parseName(text, "key_id");
  if (name.startsWith("aws/")) {
    refuseMember(
      "key_id",
      "Names that begin with aws/ are reserved for keys that services manage. Choose another name.",
    );
  }
  return `${prefix}${name}`;
}

/** What the REST API calls a key: its alias without the prefix, or its key id. */
export function nameOf(alias: string | undefined, keyId: string): string {
  return alias === undefined ? keyId : alias.slice(prefix.length);
}
