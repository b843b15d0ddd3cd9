import { platform } from "#platform";
import { base64OfBytes, bytesOfBase64, concatBytes, utf8 } from "../bytes.ts";
import { PlaintextDataKey } from "../data-key.ts";
import { decodeContext, type EncryptionContext, parseContext, serializeContext } from "../encryption-context.ts";
import { EnvelopeError, malformed } from "../errors.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { keyringMaterials } from "../materials/keyring-materials.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { suites } from "../suites.ts";

/** A recipient's lines in the header of an age file: arguments, and a body. */
export interface AgeStanza {
  readonly args: string[];
  readonly body: Uint8Array;
}

/** Who an age file is for: what the npm package `age-encryption` takes as a recipient. */
export interface AgeRecipient {
  wrapFileKey(fileKey: Uint8Array): Promise<AgeStanza[]>;
}

/** Who opens an age file: what the npm package `age-encryption` takes as an identity. */
export interface AgeIdentity {
  /** @returns null when no stanza is for it */
  unwrapFileKey(stanzas: readonly AgeStanza[]): Promise<Uint8Array | null>;
}

/** A keyring for age files. */
export interface AgeKeyringOptions {
  readonly keyring: Keyring;
  /** What the file key is bound to; it stands in the file's header. */
  readonly context?: EncryptionContext;
}

/** The type of our stanzas. Source: C2SP age, which leaves types with a domain to its owner. */
const stanzaType = "coffer.dev/envelope";

/** A file key has 16 bytes (C2SP age, "File key"): as the data keys of this suite. */
const fileKeySuite = suites.get(0x0114)!;

/**
 * A recipient of age files whose key stays in a server: a stanza for each key of the keyring. It goes together with other
 * recipients, such as X25519.
 *
 * @throws EnvelopeError InvalidInput; its method ServiceRefused, ServiceUnavailable
 */
export function ageRecipient({ keyring, context: given = {} }: AgeKeyringOptions): AgeRecipient {
  const context = parseContext(given);
  return {
    async wrapFileKey(fileKey) {
      using dataKey = PlaintextDataKey.takeFrom(Uint8Array.from(fileKey));
      const keys = await keyring.wrapDataKey(dataKey, { suite: fileKeySuite, context });
      return keys.map(({ providerId, providerInfo, ciphertext }) => ({
        args: [stanzaType, providerId, unpadded(providerInfo), unpadded(serializeContext(context))],
        body: ciphertext,
      }));
    },
  };
}

/**
 * Opens age files that are for keys of a keyring.
 *
 * @throws EnvelopeError InvalidInput; its method KeyUnavailable, ContextMismatch, MessageMalformed
 */
export function ageIdentity({ keyring, context: expected = {} }: AgeKeyringOptions): AgeIdentity {
  const expectedContext = parseContext(expected);
  return {
    async unwrapFileKey(stanzas) {
      const ours = stanzas.filter(({ args }) => args[0] === stanzaType).map(readStanza);
      if (ours.length === 0) return null;
      const problems: string[] = [];
      for (const { key, context } of ours) {
        const request = { suite: fileKeySuite, context, encryptedDataKeys: [key], expectedContext };
        try {
          using materials = await keyringMaterials({ keyring }).forDecryption(request);
          return materials.dataKey.use((bytes) => Uint8Array.from(bytes));
        } catch (error) {
          if (!(error instanceof EnvelopeError) || error.code !== "KeyUnavailable") throw error;
          problems.push(...error.problems);
        }
      }
      // None was of a key of this keyring: another identity may still open the file.
      if (problems.length === 0) return null;
      throw new EnvelopeError("KeyUnavailable", `No key opens the file: ${problems.join("; ")}.`, { problems });
    },
  };
}

function readStanza({ args, body }: AgeStanza): { key: EncryptedDataKey; context: ReadonlyMap<string, string> } {
  const [, providerId = "", info = "", contextText = ""] = args;
  const [providerInfo, context] = [info, contextText].map((text) => bytesOfBase64(text));
  if (args.length !== 4 || !providerInfo || !context)
    throw malformed("The file's stanza for a key server is malformed", 0);
  return { key: { providerId, providerInfo, ciphertext: body }, context: decodeContext(context, 0) };
}

const intro = "age-encryption.org/v1\n";
const macMark = "---";
const macBytes = 32;
/** Characters of a header at most. */
const maxHeaderCharacters = 1024 * 1024;

/**
 * Gives an age file other recipients. Its body stays as it is: the header's MAC is an HMAC under a key derived from the file
 * key, so that making it anew gives nothing away. Who could open the file before may have kept its file key.
 *
 * @param file not armored
 * @param identity opens it
 * @param recipients all that the file is for from now on
 * @throws EnvelopeError MessageMalformed, KeyUnavailable, DecryptionFailed
 */
export async function rewrapAge(
  file: Uint8Array,
  identity: AgeIdentity,
  recipients: readonly AgeRecipient[],
): Promise<Uint8Array<ArrayBuffer>> {
  const { stanzas, headerText, mac, bodyOffset } = readHeader(file);
  const unwrapped = await identity.unwrapFileKey(stanzas);
  if (unwrapped === null) throw new EnvelopeError("KeyUnavailable", "The file is for none of the keyring's keys.");
  using fileKey = PlaintextDataKey.takeFrom(unwrapped);
  if (!platform.equalBytes(await macOf(fileKey, headerText), mac)) {
    throw new EnvelopeError("DecryptionFailed", "The file's header is damaged, or was made with another key.");
  }
  const wrapped = await fileKey.use((bytes) =>
    Promise.all(recipients.map((recipient) => recipient.wrapFileKey(bytes))),
  );
  if (wrapped.flat().length === 0) throw new EnvelopeError("InvalidInput", "Give at least one recipient.");
  const renewed = `${intro}${wrapped.flat().map(renderStanza).join("")}${macMark}`;
  const line = utf8(`${renewed} ${unpadded(await macOf(fileKey, renewed))}\n`);
  return concatBytes(line, file.subarray(bodyOffset));
}

async function macOf(fileKey: PlaintextDataKey, headerText: string): Promise<Uint8Array> {
  const key = await fileKey.use((bytes) => platform.hkdf("sha256", bytes, new Uint8Array(0), utf8("header"), macBytes));
  try {
    return await platform.hmac("sha256", key, utf8(headerText));
  } finally {
    key.fill(0);
  }
}

/** Source: C2SP age, "Header". */
function readHeader(file: Uint8Array) {
  const text = new TextDecoder("latin1").decode(file.subarray(0, maxHeaderCharacters));
  if (!text.startsWith(intro)) throw malformed("This is no age file, or it is armored", 0);
  const lines = text.split("\n");
  const stanzas: { args: string[]; body: Uint8Array }[] = [];
  let offset = intro.length;
  for (let index = 1; index < lines.length - 1; index++) {
    const line = lines[index]!;
    if (line.startsWith(`${macMark} `)) {
      const mac = bytesOfBase64(line.slice(macMark.length + 1));
      if (mac?.length !== macBytes) break;
      return { stanzas, headerText: text.slice(0, offset + macMark.length), mac, bodyOffset: offset + line.length + 1 };
    }
    offset += line.length + 1;
    if (line.startsWith("-> ")) {
      const body: string[] = [];
      // A body ends with a line that is not full.
      do {
        body.push(lines[++index] ?? "");
        offset += body.at(-1)!.length + 1;
      } while (body.at(-1)!.length === 64);
      const bytes = bytesOfBase64(body.join(""));
      if (bytes === undefined) break;
      stanzas.push({ args: line.slice(3).split(" "), body: bytes });
    } else break;
  }
  throw malformed("The age file's header is malformed", offset);
}

function renderStanza({ args, body }: AgeStanza): string {
  const text = unpadded(body);
  const lines = text.match(/.{1,64}/g) ?? [];
  const end = text.length % 64 === 0 ? "\n" : "";
  return `-> ${args.join(" ")}\n${lines.map((line) => `${line}\n`).join("")}${end}`;
}

function unpadded(bytes: Uint8Array): string {
  return base64OfBytes(bytes).replace(/=+$/, "");
}
