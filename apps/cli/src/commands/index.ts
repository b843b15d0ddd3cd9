import type { Command } from "../command.ts";
import { adminCommands } from "./admin.ts";
import { auditTailCommand } from "./audit-tail.ts";
import { auditVerifyCommand } from "./audit-verify.ts";
import { chatCommand } from "./chat.ts";
import { configCommands } from "./config.ts";
import { configEditCommand } from "./config-edit.ts";
import { datakeyCommand } from "./datakey.ts";
import { decryptCommand } from "./decrypt.ts";
import { encryptCommand } from "./encrypt.ts";
import { execCommand } from "./exec.ts";
import { explainCommand } from "./explain.ts";
import { gitCommands } from "./git.ts";
import { inspectCommand } from "./inspect.ts";
import { keypairCommand } from "./keypair.ts";
import { operatorCommands } from "./operator.ts";
import { policySimulateCommand } from "./policy-simulate.ts";
import { relayCommand, relayResetCommand } from "./relay.ts";
import { resealCommand } from "./reseal.ts";
import { rewrapCommand } from "./rewrap.ts";
import { rootCredentialCommand } from "./root-credential.ts";
import { serverCommand } from "./server.ts";
import { signCommand, verifyCommand } from "./sign.ts";
import { statusCommand } from "./status.ts";

/** What each first word of a two-word command is about. */
export const groupSummaries: ReadonlyMap<string, string> = new Map([
  ["admin", "Change users, credentials and keys of a server"],
  ["operator", "Open and close the seal of a server"],
  ["audit", "Read and verify the audit trail"],
  ["config", "Encrypt the values of config files, in SOPS's format"],
  ["git", "Keep encrypted config files in git"],
  ["policy", "Ask what the policies decide"],
]);

/** Every command by name, in the order of help. */
export const commands: ReadonlyMap<string, Command> = new Map(
  [
    serverCommand,
    statusCommand,
    encryptCommand,
    decryptCommand,
    inspectCommand,
    rewrapCommand,
    datakeyCommand,
    keypairCommand,
    signCommand,
    verifyCommand,
    ...configCommands,
    configEditCommand,
    execCommand,
    ...gitCommands,
    ...operatorCommands,
    ...adminCommands,
    rootCredentialCommand,
    resealCommand,
    auditVerifyCommand,
    auditTailCommand,
    policySimulateCommand,
    explainCommand,
    chatCommand,
    relayCommand,
    relayResetCommand,
  ].map((command) => [command.name, command]),
);
