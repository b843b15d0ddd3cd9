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
import { type Command, type Invocation, isOn, jsonOption } from "../command.ts";
import { type ConfigFile, outputOptions, readConfigFile, renderConfig, writeResult } from "../config/config-file.ts";
import { formatOption } from "../config/config-formats.ts";
import { parseConfigPath } from "../config/config-path.ts";
import { findRecipients, recipientOptions } from "../config/config-recipients.ts";
import { openConfigServices } from "../config/config-services.ts";
import { replaceFile } from "../config/replace-file.ts";
import { keyServiceOptions } from "../key-services.ts";
import { tellingService } from "../tell-envelope-error.ts";
import { print } from "../terminal.ts";

const ignoreMacOption = {
  name: "ignore-mac",
  doc: "Read a file that was changed without SOPS, to repair it: nobody knows who changed it.",
};

/** `coffer config ...`: SOPS files. */
export const configCommands: readonly Command[] = [
  {
    name: "config encrypt",
    summary: "Encrypt the values of a config file, so that the real sops reads it too",
    usage: "[--key KEY]... [--vault-key NAME]... FILE|- [-o OUT | -i]",
    options: [...recipientOptions, ...outputOptions, formatOption, ...keyServiceOptions],
    notes: [
      "Keys, order and comments stay readable. Without keys, the creation rules of the nearest .sops.yaml hold.",
      "Example:\n  coffer config encrypt --key alias/config secrets.yaml -o secrets.enc.yaml",
    ],
    maxPositionals: 1,
    run: runEncrypt,
  },
  {
    name: "config decrypt",
    summary: "Decrypt a config file, also one that sops encrypted",
    usage: "FILE|- [-o OUT | -i]",
    options: [...outputOptions, ignoreMacOption, formatOption, ...keyServiceOptions],
    notes: ["Example:\n  coffer config decrypt secrets.enc.yaml"],
    maxPositionals: 1,
    run: runDecrypt,
  },
  {
    name: "config get",
    summary: "Print one value of an encrypted config file",
    usage: "FILE PATH [--json]",
    options: [ignoreMacOption, formatOption, ...keyServiceOptions, jsonOption],
    notes: ["Example:\n  coffer config get secrets.enc.yaml db.password"],
    maxPositionals: 2,
    run: runGet,
  },
  {
    name: "config set",
    summary: "Change one value of an encrypted config file",
    usage: "FILE PATH VALUE|- [--json]",
    options: [
      formatOption,
      ...keyServiceOptions,
      { name: "json", doc: "VALUE is JSON: a number, a list, a map. Else it is a text." },
    ],
    notes: [
      "With -, the value comes from standard input, so that it is in no list of processes.",
      "Example:\n  coffer config set secrets.enc.yaml db.password - < password.txt",
    ],
    maxPositionals: 3,
    run: runSet,
  },
  {
    name: "config rotate",
    summary: "Give an encrypted config file a new data key",
    usage: "FILE",
    options: [formatOption, ...keyServiceOptions],
    notes: ["Do it after a recipient was taken away: who could decrypt may have kept the old data key."],
    maxPositionals: 1,
    run: runRotate,
  },
  {
    name: "config updatekeys",
    summary: "Make an encrypted config file's recipients those of the options, or of .sops.yaml",
    usage: "[--key KEY]... [--vault-key NAME]... FILE",
    options: [...recipientOptions, formatOption, ...keyServiceOptions],
    notes: ["No value changes. Recipients that stay cost no call."],
    maxPositionals: 1,
    run: runUpdateKeys,
  },
];

async function runEncrypt(invocation: Invocation): Promise<number> {
  const file = await readConfigFile(invocation);
  const recipients = await findRecipients(invocation, file.path);
  const context = await contextOf(invocation);
  await tellingService(() => encryptDocument(file.document, { ...context, ...recipients }), file.name);
  writeResult(invocation, file);
  return 0;
}

async function runDecrypt(invocation: Invocation): Promise<number> {
  const file = await readConfigFile(invocation);
  const opened = await open(invocation, file);
  opened.dispose();
  writeResult(invocation, file);
  return 0;
}

async function runGet(invocation: Invocation): Promise<number> {
  const path = parseConfigPath(invocation.positionals[1] ?? missing("a path such as db.password"));
  const file = await readConfigFile(invocation);
  using _opened = await open(invocation, file);
  const value = file.document.get(path);
  if (value === undefined) throw new OperatorError(`${file.name} has nothing at ${invocation.positionals[1]}.`);
  const plain = typeof value !== "object" || value === null;
  print(isOn(invocation, "json") || !plain ? jsonTextOf(value) : String(value));
  return 0;
}

async function runSet(invocation: Invocation): Promise<number> {
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

async function runRotate(invocation: Invocation): Promise<number> {
  const file = await readConfigFile(invocation);
  using opened = await open(invocation, file);
  const context = await contextOf(invocation);
  await tellingService(() => opened.sealRotated(file.document, context), file.name);
  replaceFile(file.path, renderConfig(file), { overwrite: true });
  return 0;
}

async function runUpdateKeys(invocation: Invocation): Promise<number> {
  const file = await readConfigFile(invocation);
  const wanted = await findRecipients(invocation, file.path);
  const context = await contextOf(invocation);
  const changed = await tellingService(() => updateRecipients(file.document, wanted, context), file.name);
  if (changed) replaceFile(file.path, renderConfig(file), { overwrite: true });
  for (const recipient of recipientGroups(file.document).flat()) print(recipientName(recipient));
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
