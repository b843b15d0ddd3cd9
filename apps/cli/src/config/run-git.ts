import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { EnvelopeError } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import { decryptDocument, encryptDocument, openDocument } from "@coffer/sops";
import { unixTimeMs } from "../clock.ts";
import type { Invocation } from "../command.ts";
import { operatorErrorOf, tellingService } from "../tell-envelope-error.ts";
import { print, printable } from "../terminal.ts";
import { type ConfigFile, parseConfigFile, renderConfig } from "./config-file.ts";
import { formatFor } from "./config-formats.ts";
import { findRecipients } from "./config-recipients.ts";
import { openConfigServices } from "./config-services.ts";

const settings: readonly (readonly [name: string, value: string])[] = [
  ["diff.coffer.textconv", "coffer git textconv --"],
  ["filter.coffer.clean", "coffer git clean -- %f"],
  ["filter.coffer.smudge", "coffer git smudge -- %f"],
  ["filter.coffer.required", "true"],
];

export async function runInstall(invocation: Invocation): Promise<number> {
  for (const [name, value] of settings) {
    const { status, stderr } = git(invocation, ["config", "--local", name, value]);
    if (status !== 0) throw new OperatorError(`git config failed: ${stderr.toString().trim()}`);
    print(`${name} = ${value}`);
  }
  return 0;
}

export async function runTextconv(invocation: Invocation): Promise<number> {
  const name = pathOf(invocation);
  const bytes = readFileSync(resolve(invocation.workingDirectory, name));
  process.stdout.write(await decrypted(invocation, name, bytes));
  return 0;
}

export async function runSmudge(invocation: Invocation): Promise<number> {
  process.stdout.write(await decrypted(invocation, pathOf(invocation), readFileSync(0)));
  return 0;
}

/** What it means that no key could be reached. Anything else, such as a wrong MAC, is not passed over. */
const unreachable: ReadonlySet<string> = new Set(["KeyUnavailable", "ServiceUnavailable", "ServiceRefused"]);

/**
 * A file that is not encrypted stays as it is: one from before the filter was there. So does one whose keys are not there, so
 * that a repository can be looked at without them; `clean` takes it back as it is.
 */
async function decrypted(invocation: Invocation, name: string, bytes: Buffer): Promise<Buffer> {
  const file = await parseConfigFile(invocation, name, bytes);
  if (file.document.metadata() === undefined) return bytes;
  try {
    await decryptDocument(file.document, { services: await openConfigServices(invocation) });
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    const problem = operatorErrorOf(error, name);
    if (!unreachable.has(error.code)) throw problem;
    process.stderr.write(`coffer: ${printable(problem.message)} It stays encrypted.\n`);
    return bytes;
  }
  return renderConfig(file);
}

export async function runClean(invocation: Invocation): Promise<number> {
  const name = pathOf(invocation);
  const file = await parseConfigFile(invocation, name, readFileSync(0));
  if (file.document.metadata() === undefined) {
    const known = await knownVersion(invocation, name);
    if (known === undefined) await encryptAnew(invocation, file);
    else if (await reuse(invocation, file, known)) {
      process.stdout.write(known);
      return 0;
    }
  }
  process.stdout.write(renderConfig(file));
  return 0;
}

async function encryptAnew(invocation: Invocation, file: ConfigFile): Promise<void> {
  const recipients = await findRecipients(invocation, file.path);
  const context = { services: await openConfigServices(invocation), nowMs: unixTimeMs };
  await tellingService(() => encryptDocument(file.document, { ...context, ...recipients }), file.name);
}

/** The file as the index, or else the last commit, has it, encrypted. */
async function knownVersion(invocation: Invocation, name: string): Promise<Buffer | undefined> {
  for (const revision of ["", "HEAD"]) {
    const { status, stdout } = git(invocation, ["cat-file", "blob", `${revision}:./${name}`]);
    if (status === 0 && (await isEncryptedFile(invocation, name, stdout))) return stdout;
  }
  return undefined;
}

async function isEncryptedFile(invocation: Invocation, name: string, bytes: Buffer): Promise<boolean> {
  return (await parseConfigFile(invocation, name, bytes)).document.metadata() !== undefined;
}

/**
 * Seals a file with the data key of the version that git knows.
 *
 * @returns whether it is that very version
 */
async function reuse(invocation: Invocation, file: ConfigFile, known: Buffer): Promise<boolean> {
  const before = await parseConfigFile(invocation, file.name, known);
  const services = await openConfigServices(invocation);
  using opened = await tellingService(() => openDocument(before.document, { services }), file.name);
  if (renderConfig(before).equals(renderConfig(file))) return true;
  await tellingService(async () => opened.seal(file.document, unixTimeMs()), file.name);
  // A value may be spelled in another way, of which the ciphertext says nothing.
  return withoutMetadata(invocation, file.name, renderConfig(file)).equals(
    withoutMetadata(invocation, file.name, known),
  );
}

function withoutMetadata(invocation: Invocation, name: string, bytes: Buffer): Buffer {
  const format = formatFor(invocation, name);
  const document = format.parse(bytes.toString(format.encoding));
  document.setMetadata(undefined);
  return renderConfig({ format, document });
}

function git({ workingDirectory }: Invocation, args: readonly string[]) {
  return spawnSync("git", args, { cwd: workingDirectory, maxBuffer: 128 * 1024 * 1024 });
}

function pathOf({ positionals }: Invocation): string {
  const [path] = positionals;
  if (path === undefined) throw new OperatorError("git gives the file's path.", 2);
  return path;
}
