import { ServiceError } from "@coffer/service";
import { restLimits } from "../limits.ts";
import type { ArraySchema, IntegerSchema, ObjectSchema, Schema, TextMapSchema, TextSchema } from "./schema.ts";

/** A refusal of one member; `reason` is a whole sentence that never quotes the value. */
export function refuseMember(member: string, reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", member, reason });
}

/** A name of the caller's own, safe to show: cut, and in JSON's quotes. */
export function showName(name: string): string {
  const max = restLimits.shownNameChars.value;
  return JSON.stringify(name.length > max ? `${name.slice(0, max)}...` : name);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkText(schema: TextSchema, value: unknown, member: string): void {
  if (typeof value !== "string") refuseMember(member, `${member} must be a text.`);
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    refuseMember(member, `${member} must be one of ${schema.enum.join(", ")}.`);
  }
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  if (value.length < minLength) refuseMember(member, `${member} must have at least ${minLength} characters.`);
  if (value.length > maxLength) refuseMember(member, `${member} has more than ${maxLength} characters.`);
  if (!value.isWellFormed()) refuseMember(member, `${member} must be valid Unicode.`);
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) {
    refuseMember(member, `${member} is not well-formed: ${schema.description}`);
  }
}

function checkInteger({ minimum, maximum }: IntegerSchema, value: unknown, member: string): void {
  if (Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum) return;
  refuseMember(member, `${member} must be a whole number from ${minimum} to ${maximum}.`);
}

function checkTextMap(schema: TextMapSchema, value: unknown, member: string): void {
  if (!isRecord(value)) refuseMember(member, `${member} must be an object of texts.`);
  const names = Object.keys(value);
  if (names.length > schema.maxProperties) {
    refuseMember(member, `${member} has ${names.length} members; at most ${schema.maxProperties} are allowed.`);
  }
  const { maxLength = Number.POSITIVE_INFINITY } = schema.additionalProperties;
  for (const name of names) {
    const text = value[name];
    if (typeof text !== "string") refuseMember(member, `The member ${showName(name)} of ${member} must be a text.`);
    if (text.length > maxLength) {
      refuseMember(member, `The member ${showName(name)} of ${member} has more than ${maxLength} characters.`);
    }
    if (!name.isWellFormed() || !text.isWellFormed()) refuseMember(member, `${member} must be valid Unicode.`);
  }
}

function checkBoolean(value: unknown, member: string): void {
  if (typeof value !== "boolean") refuseMember(member, `${member} must be true or false.`);
}

function checkList({ items }: ArraySchema, value: unknown, member: string): void {
  if (!Array.isArray(value)) refuseMember(member, `${member} must be a list.`);
  for (const item of value) checkValue(items, item, member);
}

function checkValue(schema: Schema, value: unknown, member: string): void {
  if (schema.type === "string") checkText(schema, value, member);
  else if (schema.type === "integer") checkInteger(schema, value, member);
  else if (schema.type === "boolean") checkBoolean(value, member);
  else if (schema.type === "array") checkList(schema, value, member);
  else if ("properties" in schema) checkObject(schema, value, member);
  else if (schema.additionalProperties !== true) checkTextMap(schema, value, member);
  else if (!isRecord(value)) refuseMember(member, `${member} must be an object.`);
}

/** Checks a path or query parameter. @throws ServiceError InvalidInput */
export function checkParameter(schema: TextSchema | IntegerSchema, value: string | number, name: string): void {
  checkValue(schema, value, name);
}

/**
 * Checks a parsed JSON value against an object schema. Members are own ones only; an unknown one is refused by its name.
 *
 * @param what names the object in errors
 * @throws ServiceError InvalidInput
 */
export function checkObject(schema: ObjectSchema, value: unknown, what: string): void {
  if (!isRecord(value)) refuseMember(what, `${what} must be a JSON object.`);
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(schema.properties, name)) continue;
    const known = Object.keys(schema.properties).join(", ");
    const instead = known === "" ? "It takes none." : `Known members: ${known}.`;
    refuseMember(name, `The member ${showName(name)} is unknown. ${instead}`);
  }
  for (const name of schema.required) {
    if (!Object.hasOwn(value, name)) refuseMember(name, `The member ${name} is missing.`);
  }
  for (const [name, member] of Object.entries(schema.properties)) {
    if (Object.hasOwn(value, name)) checkValue(member, value[name], name);
  }
}
