import {
  type EncryptedDataKey,
  type Keyring,
  kmsDiscoveryKeyring,
  kmsKeyring,
  type MessageDescription,
  multiKeyring,
  transitKeyring,
} from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import type { Invocation } from "../command.ts";
import type { KeyServices } from "../key-services.ts";
import { describeProblem } from "./file-problem.ts";

/** The keys that the options name, as one keyring. @returns undefined when they name none */
export function openNamedKeys(invocation: Invocation, services: KeyServices): Keyring | undefined {
  const keyrings = [
    ...(invocation.flags.get("key") ?? []).map((key) => openKmsKey(services, key)),
    ...(invocation.flags.get("vault-key") ?? []).map((key) => openTransitKey(services, key)),
  ];
  return keyrings.length === 0 ? undefined : multiKeyring(keyrings);
}

function openKmsKey(services: KeyServices, keyId: string): Keyring {
  if (keyId === "") throw new OperatorError("--key is a key's ARN or id, or alias/NAME.", 2);
  const isArn = keyId.startsWith("arn:");
  return kmsKeyring({ keyId, client: isArn ? (region) => services.kms(region) : services.kms() });
}

/** A name of a path's part: what no server takes for another path. */
const transitKeyPattern = /^(?!\.)[\w.-]+(?:\/(?!\.)[\w.-]+)*$/;

function openTransitKey(services: KeyServices, text: string): Keyring {
  if (!transitKeyPattern.test(text)) {
    throw new OperatorError(`--vault-key is [MOUNT/]NAME, not "${text}".`, 2);
  }
  const slash = text.lastIndexOf("/");
  const mount = slash < 0 ? undefined : text.slice(0, slash);
  return transitKeyring({ keys: [text.slice(slash + 1)], client: services.transit(mount) });
}

/** Any key that a message names and that the caller may use: how `decrypt` finds its key when none is given. */
export function openAnyKey(services: KeyServices): Keyring {
  return multiKeyring([kmsDiscoveryKeyring({ client: (region) => services.kms(region) }), anyTransitKey(services)]);
}

/** The keys that a message names, as one keyring. @returns undefined when there is none, or one of another kind */
export function openKeysOf({ encryptedDataKeys }: MessageDescription, services: KeyServices): Keyring | undefined {
  const keyrings: Keyring[] = [];
  for (const encrypted of encryptedDataKeys) {
    const name = nameOf(encrypted);
    if (encrypted.providerId === kmsProviderId && name.startsWith("arn:")) keyrings.push(openKmsKey(services, name));
    else if (encrypted.providerId === transitProviderId && isTransitKey(name))
      keyrings.push(openTransitKey(services, name));
    else return undefined;
  }
  return multiKeyring(keyrings);
}

const kmsProviderId = "aws-kms";
const transitProviderId = "vault-transit";

/** The server is always the one that VAULT_ADDR names; a message only says mount and name. */
function anyTransitKey(services: KeyServices): Keyring {
  const refuse = async () => {
    throw new OperatorError("name a key to encrypt with: --key KEY or --vault-key NAME.", 2);
  };
  return {
    generateDataKey: refuse,
    wrapDataKey: refuse,
    async unwrapDataKey(encryptedDataKeys, request) {
      const problems: string[] = [];
      for (const encrypted of encryptedDataKeys) {
        if (encrypted.providerId !== transitProviderId) continue;
        const name = nameOf(encrypted);
        if (!isTransitKey(name)) {
          problems.push("an encrypted data key does not name a Transit key as MOUNT/NAME");
          continue;
        }
        try {
          const outcome = await openTransitKey(services, name).unwrapDataKey([encrypted], request);
          if (outcome.dataKey !== undefined) return { dataKey: outcome.dataKey, problems };
          problems.push(...outcome.problems);
        } catch (error) {
          if (!(error instanceof OperatorError)) throw error;
          problems.push(`${name}: ${describeProblem(error)}`);
        }
      }
      return { problems };
    },
  };
}

function isTransitKey(name: string): boolean {
  return transitKeyPattern.test(name) && name.includes("/");
}

function nameOf({ providerInfo }: EncryptedDataKey): string {
  return new TextDecoder().decode(providerInfo);
}
