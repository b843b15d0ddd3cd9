import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { OperatorError } from "@coffer/server/config";
import {
  type CreationRule,
  creationRule,
  creationRulesFile,
  parseKmsRecipient,
  parseTransitRecipient,
  type Recipient,
  ruleNames,
} from "@coffer/sops";
import { flagText, type Invocation } from "../command.ts";
import { parseContextFlags } from "../context-flags.ts";
import { openKeyServices } from "../key-services.ts";
import { tellingService } from "../tell-envelope-error.ts";

/**
 * Who may decrypt a file and which of its values are encrypted: what the options say, else the creation rules of the
 * nearest `.sops.yaml` from the file upwards.
 *
 * @throws OperatorError
 */
export async function findRecipients(invocation: Invocation, path: string): Promise<CreationRule> {
  const named = await namedRecipients(invocation);
  if (named.length === 0) return fromCreationRules(path);
  const chosen = ruleNames.flatMap((name) => {
    const pattern = flagText(invocation, name.replaceAll("_", "-"));
    return pattern === undefined ? [] : [{ name, pattern }];
  });
  if (chosen.length > 1) throw new OperatorError("give one rule for which values are encrypted.", 2);
  return { groups: [named], ...(chosen[0] && { rule: chosen[0] }), macOnlyEncrypted: false };
}

/** The recipients that the options name. */
async function namedRecipients(invocation: Invocation): Promise<readonly Recipient[]> {
  const context = parseContextFlags(invocation);
  const keys = invocation.flags.get("key") ?? [];
  const arns = await Promise.all(keys.map((key) => (key.startsWith("arn:") ? key : resolveKey(invocation, key))));
  return tellingService(async () => [
    ...arns.map((arn) => parseKmsRecipient(arn, { context })),
    ...(invocation.flags.get("vault-key") ?? []).map((key) => parseTransitRecipient(transitAddress(invocation, key))),
  ]);
}

/** SOPS files name keys by their ARNs. */
async function resolveKey(invocation: Invocation, KeyId: string): Promise<string> {
  const kms = (await openKeyServices(invocation)).kms();
  const { KeyMetadata } = await tellingService(() => kms.call("DescribeKey", { KeyId }));
  return (KeyMetadata as { Arn: string }).Arn;
}

function transitAddress({ environment }: Invocation, key: string): string {
  if (/^https?:/.test(key)) return key;
  const address = environment["VAULT_ADDR"]?.replace(/\/+$/, "");
  if (!address)
    throw new OperatorError("set VAULT_ADDR to the URL of the Vault server, such as http://127.0.0.1:8200.");
  const slash = key.lastIndexOf("/");
  return `${address}/v1/${slash < 0 ? "transit" : key.slice(0, slash)}/keys/${key.slice(slash + 1)}`;
}

async function fromCreationRules(path: string): Promise<CreationRule> {
  const file = findUpwards(path);
  if (file === undefined) {
    throw new OperatorError(
      `name a key with --key or --vault-key, or write a ${creationRulesFile} with creation rules.`,
      2,
    );
  }
  const text = readFileSync(file, "utf8");
  const inside = relative(dirname(file), path).split(sep).join("/");
  return tellingService(async () => creationRule(text, inside), file);
}

function findUpwards(path: string): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const file = join(folder, creationRulesFile);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) return undefined;
  }
}
