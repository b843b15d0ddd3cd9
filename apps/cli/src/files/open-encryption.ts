import {
  cachingMaterials,
  type DecryptOptions,
  type EncryptOptions,
  type Keyring,
  type KeySource,
  LocalCryptoMaterialsCache,
} from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";
import type { Invocation } from "../command.ts";
import { openKeyServices } from "../key-services.ts";
import { decryptedDirectory, decrypting } from "./decrypting.ts";
import { encryptedDirectory, encrypting } from "./encrypting.ts";
import { interruptible } from "./interrupt.ts";
import { openAnyKey, openNamedKeys } from "./open-keys.ts";
import type { DirectoryRun } from "./run-directory.ts";
import type { Transform } from "./transform-file.ts";
import type { WrittenFormat } from "./transform-options.ts";

/** What a run may share, and what ends it. */
interface RunOptions {
  readonly signal: AbortSignal;
  /** Whether many files come: they share data keys then. */
  readonly shared: boolean;
}

type OpenTransform = Transform & Pick<DirectoryRun, "nameTarget" | "isDone">;

/** Opens the keys that `encrypt` is given. @throws OperatorError */
export async function openEncryption(
  invocation: Invocation,
  { context, sign, format, ...run }: RunOptions & Pick<EncryptOptions, "context" | "sign"> & { format: WrittenFormat },
): Promise<OpenTransform> {
  const keyring = openNamedKeys(invocation, await openKeyServices(invocation));
  if (keyring === undefined) {
    throw new OperatorError("name a key: --key ARN, id or alias/NAME, or --vault-key NAME.", 2);
  }
  const options: EncryptOptions = { ...keySource(keyring, run), context: context ?? {}, sign: sign ?? false };
  return {
    ...encrypting(options, format, interruptible(keyring, run.signal)),
    ...encryptedDirectory(options, format),
  };
}

/** Opens the keys that `decrypt` is given, or may use. @throws OperatorError */
export async function openDecryption(
  invocation: Invocation,
  { signal, shared, ...options }: RunOptions & Omit<DecryptOptions, "keyring" | "materials">,
): Promise<OpenTransform> {
  const services = await openKeyServices(invocation);
  const keyring = openNamedKeys(invocation, services) ?? openAnyKey(services);
  const source = keySource(keyring, { signal, shared });
  return { ...decrypting({ ...source, ...options }, interruptible(keyring, signal)), ...decryptedDirectory };
}

/** How long, and for how much, the files of a directory share a data key. Each still has a key of its own derived from it. */
const sharing = { maxAgeMs: 5 * 60_000, maxMessagesEncrypted: 1_000, maxBytesEncrypted: 2 ** 30 };
const sharedKeys = 100;

function keySource(keyring: Keyring, { signal, shared }: RunOptions): KeySource {
  const stoppable = interruptible(keyring, signal);
  if (!shared) return { keyring: stoppable };
  const cache = new LocalCryptoMaterialsCache({ capacity: sharedKeys });
  return { materials: cachingMaterials({ keyring: stoppable, cache, ...sharing }) };
}
