import { platform } from "#platform";
import { base64OfBytes } from "../bytes.ts";
import { publicKeyName } from "../encryption-context.ts";
import { EnvelopeError } from "../errors.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import type {
  DecryptionMaterials,
  DecryptionRequest,
  EncryptionMaterials,
  EncryptionRequest,
  MaterialsSource,
} from "./materials.ts";

/** How a keyring is asked. */
export interface KeyringMaterialsOptions {
  readonly keyring: Keyring;
  /**
   * Names of the context that messages do not store, so that whoever reads them must know their values. They are
   * authenticated all the same. Source: AWS Encryption SDK specification, framework/required-encryption-context-cmm.md.
   */
  readonly requiredContextNames?: Iterable<string>;
}

/** A source of materials that asks its keyring anew for each message. */
export function keyringMaterials(options: KeyringMaterialsOptions): MaterialsSource {
  const { keyring } = options;
  const required = new Set(options.requiredContextNames);
  return {
    forEncryption: (request) => encryptionMaterials(keyring, required, request),
    forDecryption: (request) => decryptionMaterials(keyring, required, request),
  };
}

async function encryptionMaterials(
  keyring: Keyring,
  required: ReadonlySet<string>,
  { suite, context }: EncryptionRequest,
): Promise<EncryptionMaterials> {
  for (const name of required) {
    if (!context.has(name))
      throw new EnvelopeError("ContextMismatch", `The encryption context lacks "${name}", which is required.`);
  }
  const signingKey = suite.signature && (await platform.signingKey(suite.signature.curve, suite.signature.hash));
  const bound = new Map(context);
  if (signingKey !== undefined) bound.set(publicKeyName, base64OfBytes(signingKey.publicKey));
  const { dataKey, encryptedDataKeys } = await keyring.generateDataKey({ suite, context: bound });
  if (encryptedDataKeys.length === 0) {
    dataKey.dispose();
    throw new EnvelopeError(
      "KeyUnavailable",
      "No keyring wrapped the data key, so that nobody could decrypt the message.",
    );
  }
  return {
    suite,
    context: bound,
    requiredContextNames: required,
    dataKey,
    encryptedDataKeys,
    signingKey,
    [Symbol.dispose]: () => dataKey.dispose(),
  };
}

async function decryptionMaterials(
  keyring: Keyring,
  required: ReadonlySet<string>,
  { suite, context: stored, encryptedDataKeys, expectedContext }: DecryptionRequest,
): Promise<DecryptionMaterials> {
  const { context, broughtNames } = mergeContexts(stored, expectedContext, required);
  const { dataKey, problems } = await keyring.unwrapDataKey(encryptedDataKeys, { suite, context });
  if (dataKey === undefined) throw noKey(problems, broughtNames);
  return { dataKey, context, requiredContextNames: broughtNames, [Symbol.dispose]: () => dataKey.dispose() };
}

/**
 * Puts together what a message stores and what its reader brings.
 *
 * @throws EnvelopeError ContextMismatch when the two disagree, or something required was not brought
 */
function mergeContexts(
  stored: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
  required: ReadonlySet<string>,
): { context: ReadonlyMap<string, string>; broughtNames: ReadonlySet<string> } {
  const context = new Map(stored);
  const broughtNames = new Set<string>();
  for (const name of required) {
    if (!expected.has(name))
      throw new EnvelopeError("ContextMismatch", `The encryption context's "${name}" is required: give it.`);
  }
  for (const [name, value] of expected) {
    const known = stored.get(name);
    if (known !== undefined && known !== value) {
      throw new EnvelopeError("ContextMismatch", `The message's encryption context has another value for "${name}".`);
    }
    if (known === undefined) broughtNames.add(name);
    context.set(name, value);
  }
  return { context, broughtNames };
}

function noKey(problems: readonly string[], broughtNames: ReadonlySet<string>): EnvelopeError {
  const said = problems.length === 0 ? "none of its encrypted data keys belongs to the keyring" : problems.join("; ");
  // What the message stores is public. Whether it was made with what it does not store, only a key knows.
  const brought = [...broughtNames].map((name) => JSON.stringify(name)).join(", ");
  const hint = brought === "" ? "" : ` The message does not store ${brought} of the given encryption context.`;
  return new EnvelopeError("KeyUnavailable", `No key decrypts the message: ${said}.${hint}`, { problems });
}
