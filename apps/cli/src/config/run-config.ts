import { readFileSync } from "node:fs";
import { OperatorError } from "@coffer/server/config";
import {
  type ConfigValue,
  encryptDocument,
  jsonFormat,
  openDocument,
  recipientGroups,
  recipientName,
  updateRecipients,
} from "@coffer/sops";
import { unixTimeMs } from "../clock.ts";
import { type Invocation, isOn } from "../command.ts";
import { tellingService } from "../tell-envelope-error.ts";
import { print, printable } from "../terminal.ts";
import { type ConfigFile, readConfigFile, renderConfig, writeResult } from "./config-file.ts";
import { parseConfigPath } from "./config-path.ts";
import { findRecipients } from "./config-recipients.ts";
import { openConfigServices } from "./config-services.ts";
import { replaceFile } from "./replace-file.ts";

export async function runEncrypt(invocation: Invocation): Promise<number> {
  const file = await readConfigFile(invocation);
  const recipients = await findRecipients(invocation, file.path);
  const context = await contextOf(invocation);
  await tellingService(() => encryptDocument(file.document, { ...context, ...recipients }), file.name);
  writeResult(invocation, file);
  return 0;
}

export async function runDecrypt(invocation: Invocation): Promise<number> {
  const file = await readConfigFile(invocation);
  const opened = await open(invocation, file);
  opened.dispose();
  writeResult(invocation, file);
  return 0;
}

export async function runGet(invocation: Invocation): Promise<number> {
  const path = parseConfigPath(invocation.positionals[1] ?? missing("a path such as db.password"));
  const file = await readConfigFile(invocation);
  using _opened = await open(invocation, file);
  const value = file.document.get(path);
  if (value === undefined) throw new OperatorError(`${file.name} has nothing at ${invocation.positionals[1]}.`);
  const plain = typeof value !== "object" || value === null;
  print(isOn(invocation, "json") || !plain ? jsonTextOf(value) : String(value));
  return 0;
}

export async function runSet(invocation: Invocation): Promise<number> {
  const [, pathText, given] = invocation.positionals;
  const path = parseConfigPath(pathText ?? missing("a path such as db.password"));
  const text = given === "-" ? readFileSync(0, "utf8").replace(/\r?\n$/, "") : (given ?? missing("a value, or -"));
  const value = isOn(invocation, "json") ? parseValue(text) : text;
  const file = await readConfigFile(invocation);
  using opened = await open(invocation, file);
  await tellingService(async () => {
    file.document.set(path, value);
    opened.seal(file.document, unixTimeMs());
  }, file.name);
  replaceFile(file.path, renderConfig(file), { overwrite: true });
  return 0;
}

export async function runRotate(invocation: Invocation): Promise<number> {
  const file = await readConfigFile(invocation);
  using opened = await open(invocation, file);
  const context = await contextOf(invocation);
  await tellingService(() => opened.sealRotated(file.document, context), file.name);
  replaceFile(file.path, renderConfig(file), { overwrite: true });
  return 0;
}

export async function runUpdateKeys(invocation: Invocation): Promise<number> {
  const file = await readConfigFile(invocation);
  const wanted = await findRecipients(invocation, file.path);
  const context = await contextOf(invocation);
  const changed = await tellingService(() => updateRecipients(file.document, wanted, context), file.name);
  if (changed) replaceFile(file.path, renderConfig(file), { overwrite: true });
  for (const recipient of recipientGroups(file.document).flat()) print(printable(recipientName(recipient)));
  return 0;
}

async function contextOf(invocation: Invocation) {
  return { services: await openConfigServices(invocation), nowMs: unixTimeMs };
}

async function open(invocation: Invocation, file: ConfigFile) {
  const services = await openConfigServices(invocation);
  return tellingService(
    () => openDocument(file.document, { services, ignoreMac: isOn(invocation, "ignore-mac") }),
    file.name,
  );
}

function missing(what: string): never {
  throw new OperatorError(`give ${what}.`, 2);
}

function parseValue(text: string): ConfigValue {
  try {
    // JSON.parse rounds whole numbers beyond 2^53, which a file can hold.
    return jsonFormat.parse(`{"value":${text}}`).get(["value"]) as ConfigValue;
  } catch {
    throw new OperatorError("with --json, the value is JSON, such as 7, true or [1, 2].", 2);
  }
}

/** A value as JSON. */
function jsonTextOf(value: ConfigValue): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonTextOf).join(",")}]`;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${jsonTextOf(item)}`).join(",")}}`;
}
