import {
  createMessage,
  decrypt,
  encrypt,
  enums,
  type LiteralDataPacket,
  Message,
  OnePassSignaturePacket,
  PacketList,
  type PrivateKey,
  type PublicKey,
  type RawNotation,
  readMessage,
  SignaturePacket,
} from "openpgp";
import { isIntendedRecipient, nameIntendedRecipients } from "./intended-recipients.ts";
import { fullConfig, type OpenPgpSettings, toleratedDate } from "./settings.ts";
import { maxMessageBytes } from "./strict-config.ts";

/** What stands in the signed part beside the text: notations (RFC 9580, section 5.2.3.24), by their names. */
export type Notations = ReadonlyMap<string, string>;

/** What the library does and does not declare. */
interface Signing {
  sign(key: object, data: object, date: Date, detached: boolean, config: object): Promise<void>;
}
const onePassOf = OnePassSignaturePacket as unknown as {
  fromSignaturePacket(signature: SignaturePacket, isLast: boolean): OnePassSignaturePacket;
};

/** Signs, naming the recipients and with notations, then encrypts. @returns an OpenPGP message, not armored */
export async function signAndEncrypt(
  settings: OpenPgpSettings,
  signer: PrivateKey,
  recipients: readonly PublicKey[],
  plaintext: Uint8Array,
  notations: Notations,
): Promise<Uint8Array> {
  const { config, nowMs } = settings;
  const date = new Date(nowMs());
  const whole = fullConfig(config);
  const literal = (await createMessage({ binary: plaintext, date, format: "binary" })).packets[0] as LiteralDataPacket;
  const { keyPacket } = await signer.getSigningKey(undefined, date, undefined, whole);
  const packet = new SignaturePacket();
  packet.signatureType = enums.signature.binary;
  packet.publicKeyAlgorithm = keyPacket.algorithm;
  packet.hashAlgorithm = enums.hash.sha512;
  packet.rawNotations = [...notations].map(writeNotation);
  nameIntendedRecipients(packet, recipients, keyPacket.version);
  await (packet as unknown as Signing).sign(keyPacket, literal, date, false, whole);
  const packets = new PacketList<OnePassSignaturePacket | LiteralDataPacket | SignaturePacket>();
  packets.push(onePassOf.fromSignaturePacket(packet, true), literal, packet);
  return encrypt({
    message: new Message<Uint8Array>(packets),
    encryptionKeys: [...recipients],
    format: "binary",
    // Certificates of others may be a little ahead of this clock.
    date: toleratedDate(settings),
    config,
  });
}

/** A message that was opened and whose signature is its sender's. */
export interface OpenedMessage {
  readonly plaintext: Uint8Array;
  readonly signedAtMs: number;
  readonly notations: Notations;
  /** Undefined when the signature names no recipients. */
  readonly isIntended: boolean | undefined;
}

/**
 * Opens a message that has one signature, which is `sender`'s.
 *
 * @param own opens; its certificate is looked for among the recipients that the signature names
 * @throws Error for whatever does not open
 */
export async function openAndVerify(
  settings: OpenPgpSettings,
  own: PrivateKey,
  sender: PublicKey,
  encrypted: Uint8Array | string,
): Promise<OpenedMessage> {
  if (encrypted.length > maxMessageBytes) throw new Error("the message is too long");
  const { config } = settings;
  const message = await (typeof encrypted === "string"
    ? readMessage({ armoredMessage: encrypted, config })
    : readMessage({ binaryMessage: encrypted, config }));
  const opened = await decrypt({
    message,
    decryptionKeys: own,
    verificationKeys: sender,
    format: "binary",
    date: toleratedDate(settings),
    config,
  });
  const [signature, ...more] = opened.signatures;
  if (signature === undefined || more.length > 0) throw new Error("the message has not one signature");
  await signature.verified;
  const packet = (await signature.signature).packets[0];
  if (!packet?.created) throw new Error("the signature has no date");
  return {
    plaintext: opened.data as Uint8Array,
    signedAtMs: packet.created.getTime(),
    notations: readNotations(packet.rawNotations),
    isIntended: isIntendedRecipient(packet, own),
  };
}

function writeNotation([name, value]: readonly [string, string]): RawNotation {
  return { name, value: new TextEncoder().encode(value), humanReadable: true, critical: false };
}

function readNotations(notations: readonly RawNotation[]): Notations {
  const read = new Map<string, string>();
  for (const { name, value, humanReadable } of notations) {
    if (!humanReadable) continue;
    if (read.has(name)) throw new Error("a notation stands there twice");
    read.set(name, new TextDecoder("utf-8", { fatal: true }).decode(value));
  }
  return read;
}
