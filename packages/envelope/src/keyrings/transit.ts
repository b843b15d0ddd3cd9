import { utf8 } from "../bytes.ts";
import type { TransitClient } from "../clients/transit-client.ts";
import { PlaintextDataKey } from "../data-key.ts";
import { serializeContext } from "../encryption-context.ts";
import { invalidInput } from "../errors.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { generateAndWrap } from "./generate-and-wrap.ts";
import type { Keyring, WrapRequest } from "./keyring.ts";
import { problemOf } from "./problem.ts";

/** Keys of a Transit engine. */
export interface TransitKeyringOptions {
  /** Names below the client's mount. The first makes the data keys, all wrap them, each can unwrap them. */
  readonly keys: readonly string[];
  readonly client: TransitClient;
}

/** The provider id of keys of a Transit engine. */
export const transitProviderId = "vault-transit";

/** The bits that Transit makes data keys of. */
const transitDataKeyBits: ReadonlyMap<number, 128 | 256> = new Map([
  [16, 128],
  [32, 256],
]);

/**
 * Wraps data keys under keys of Vault's Transit engine, or of a Coffer server's; the context is their associated data. An
 * encrypted data key names `MOUNT/NAME`, and is Transit's own text, `vault:vN:...`.
 *
 * @throws EnvelopeError InvalidInput; its methods ServiceRefused, ServiceUnavailable
 */
export function transitKeyring({ keys, client }: TransitKeyringOptions): Keyring {
  const [generator, ...others] = keys;
  if (generator === undefined) throw invalidInput("A Transit keyring has at least one key.");
  const wrapUnder = (names: readonly string[], dataKey: PlaintextDataKey, request: WrapRequest) =>
    Promise.all(names.map((key) => wrap(client, key, dataKey, request)));
  return {
    async generateDataKey(request) {
      const bits = transitDataKeyBits.get(request.suite.keyBytes);
      if (bits === undefined) return generateAndWrap(request, (dataKey) => wrapUnder(keys, dataKey, request));
      const associatedData = serializeContext(request.context);
      const { plaintext, ciphertext } = await client.generateDataKey({ key: generator, bits, associatedData });
      const dataKey = PlaintextDataKey.takeFrom(plaintext);
      try {
        const wrapped = await wrapUnder(others, dataKey, request);
        return { dataKey, encryptedDataKeys: [encryptedUnder(client, generator, ciphertext), ...wrapped] };
      } catch (error) {
        dataKey.dispose();
        throw error;
      }
    },
    wrapDataKey: (dataKey, request) => wrapUnder(keys, dataKey, request),
    async unwrapDataKey(encryptedDataKeys, request) {
      const problems: string[] = [];
      for (const encrypted of encryptedDataKeys) {
        const key = keys.find((name) => isUnder(client, name, encrypted));
        if (key === undefined) continue;
        const unwrapped = await unwrap(client, key, encrypted, request);
        if (unwrapped instanceof PlaintextDataKey) return { dataKey: unwrapped, problems };
        problems.push(`${client.mount}/${key}: ${unwrapped}`);
      }
      return { problems };
    },
  };
}

async function wrap(
  client: TransitClient,
  key: string,
  dataKey: PlaintextDataKey,
  { context }: WrapRequest,
): Promise<EncryptedDataKey> {
  const associatedData = serializeContext(context);
  const { ciphertext } = await dataKey.use((plaintext) => client.encrypt({ key, plaintext, associatedData }));
  return encryptedUnder(client, key, ciphertext);
}

function encryptedUnder({ mount }: TransitClient, key: string, ciphertext: string): EncryptedDataKey {
  return { providerId: transitProviderId, providerInfo: utf8(`${mount}/${key}`), ciphertext: utf8(ciphertext) };
}

function isUnder({ mount }: TransitClient, key: string, { providerId, providerInfo }: EncryptedDataKey): boolean {
  return providerId === transitProviderId && new TextDecoder().decode(providerInfo) === `${mount}/${key}`;
}

/** @returns the data key, or why there is none */
async function unwrap(
  client: TransitClient,
  key: string,
  encrypted: EncryptedDataKey,
  { context, suite }: WrapRequest,
): Promise<PlaintextDataKey | string> {
  const ciphertext = new TextDecoder().decode(encrypted.ciphertext);
  try {
    const { plaintext } = await client.decrypt({ key, ciphertext, associatedData: serializeContext(context) });
    const dataKey = PlaintextDataKey.takeFrom(plaintext);
    if (dataKey.byteLength === suite.keyBytes) return dataKey;
    dataKey.dispose();
    return "the data key has not the length of the message's suite";
  } catch (error) {
    return problemOf(error);
  }
}
