import { spawn } from "node:child_process";
import { constants } from "node:os";
import { OperatorError } from "@coffer/server/config";
import { type ConfigValue, iniFormat, openDocument } from "@coffer/sops";
import { type Invocation, isOn } from "../command.ts";
import { parseContextFlags } from "../context-flags.ts";
import { openKeyServices } from "../key-services.ts";
import { tellingService } from "../tell-envelope-error.ts";
import { printable } from "../terminal.ts";
import { type ConfigFile, parseConfigFile, readGiven } from "./config-file.ts";
import { openConfigServices } from "./config-services.ts";

/** @returns the program's exit code @throws OperatorError */
export async function runExec(invocation: Invocation): Promise<number> {
  const [command, ...args] = invocation.positionals;
  if (command === undefined) throw new OperatorError("name the program after --.", 2);
  const variables = { ...(await readFiles(invocation)), ...(await decryptVariables(invocation)) };
  const { PATH } = invocation.environment;
  const inherited = isOn(invocation, "pristine") ? { PATH } : invocation.environment;
  return runProgram(command, args, { ...inherited, ...variables });
}

async function readFiles(invocation: Invocation): Promise<Record<string, string>> {
  const variables: [string, string][] = [];
  const services = await openConfigServices(invocation);
  for (const name of invocation.flags.get("env-file") ?? []) {
    const file = await parseConfigFile(invocation, name, readGiven(invocation, name));
    using _opened = await tellingService(() => openDocument(file.document, { services }), name);
    const top = file.document.get([]);
    if (!(top instanceof Map)) throw new OperatorError(`${name} has no names: give a dotenv, YAML or JSON file.`);
    for (const [key, value] of variablesOf(file, top)) variables.push([key, variableText(name, key, value)]);
  }
  return Object.fromEntries(variables);
}

/** An INI file's values are in sections, whose names say nothing here. */
function variablesOf({ name, format }: ConfigFile, top: ReadonlyMap<string, ConfigValue>): [string, ConfigValue][] {
  if (format !== iniFormat) return [...top];
  const variables = [...top.values()].flatMap((section) => (section instanceof Map ? [...section] : []));
  const names = new Set<string>();
  for (const [key] of variables) {
    if (names.has(key)) throw new OperatorError(`${name}: ${printable(key)} stands in two sections.`);
    names.add(key);
  }
  return variables;
}

function variableText(file: string, name: string, value: ConfigValue): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new OperatorError(`${file}: "${name}" is no name of a variable.`);
  if (typeof value === "object" && value !== null) {
    throw new OperatorError(`${file}: ${name} is a map or list, which a variable cannot be.`);
  }
  const text = value === null ? "" : String(value);
  if (text.includes("\0"))
    throw new OperatorError(`${file}: ${name} has a zero character, which a variable cannot have.`);
  return text;
}

async function decryptVariables(invocation: Invocation): Promise<Record<string, string>> {
  const names = invocation.flags.get("decrypt-env") ?? [];
  if (names.length === 0) return {};
  const kms = (await openKeyServices(invocation)).kms();
  const EncryptionContext = parseContextFlags(invocation);
  const entries = await Promise.all(
    names.map(async (name) => {
      const text = invocation.environment[name];
      if (text === undefined) throw new OperatorError(`there is no variable ${name} to decrypt.`);
      const { Plaintext } = await tellingService(
        () => kms.call("Decrypt", { CiphertextBlob: Buffer.from(text, "base64"), EncryptionContext }),
        name,
      );
      return [name, Buffer.from(Plaintext as Uint8Array).toString("utf8")] as const;
    }),
  );
  return Object.fromEntries(entries);
}

const passedOn = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** @returns its exit code; 128 and the signal's number when a signal ended it, as shells have it */
function runProgram(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(command, args, { env, stdio: "inherit" });
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of passedOn) process.on(signal, passOn);
  child.on("error", (error: NodeJS.ErrnoException) =>
    reject(new OperatorError(`cannot run ${command}: ${error.code}.`)),
  );
  child.on("close", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  return promise.finally(() => {
    for (const signal of passedOn) process.removeListener(signal, passOn);
  });
}
