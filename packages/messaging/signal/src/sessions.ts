import {
  addressName,
  bytesOfBase64,
  type Ciphertext,
  type DeviceAddress,
  type KeyBundle,
  MessagingError,
  type ReceivedCiphertext,
  type StateTransaction,
} from "@coffer/messaging";
import {
  CiphertextMessageType,
  ErrorCode,
  KEMPublicKey,
  LibSignalErrorBase,
  PreKeyBundle,
  PreKeySignalMessage,
  PublicKey,
  processPreKeyBundle,
  SignalMessage,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
} from "@signalapp/libsignal-client";
import { attempt } from "./attempt.ts";
import { type Content, decodeContent, encodeContent } from "./content.ts";
import type { OwnDevice } from "./own-device.ts";
import { numberOfKeyId } from "./prekeys.ts";
import { stateKeys } from "./state-keys.ts";
import { type PeerStores, peerStores, readSession } from "./stores.ts";

/** Whether there is a session that can be written by; after 30 days without an answer there is none. */
export async function hasSession(own: OwnDevice, state: StateTransaction, peer: DeviceAddress): Promise<boolean> {
  return (await readSession(state, peer))?.hasCurrentState(new Date(own.nowMs())) ?? false;
}

/**
 * Begins a session (PQXDH, revision 3) by a bundle whose signed prekey and Kyber prekey its identity key signed.
 *
 * @throws MessagingError BundleRefused
 */
export async function beginSession(
  own: OwnDevice,
  state: StateTransaction,
  peer: DeviceAddress,
  bundle: KeyBundle,
): Promise<void> {
  const begun = await attempt(state, async (draft) => {
    const { sessions, identities } = peerStores(own, draft, peer, bytesOf(bundle.identityKey));
    const now = new Date(own.nowMs());
    await processPreKeyBundle(readBundle(bundle), own.addressOf(peer), own.local, sessions, identities, now);
  });
  if (begun.ok) return;
  throw new MessagingError(
    "BundleRefused",
    `The keys of ${addressName(peer)} are not signed by its identity key, or malformed. Nothing was sent.`,
    { cause: begun.cause },
  );
}

function readBundle({ identityKey, details, sets }: KeyBundle): PreKeyBundle {
  const { preKey, signedPreKey, kyberPreKey } = sets;
  if (signedPreKey?.signature === undefined || kyberPreKey?.signature === undefined)
    throw new Error("keys are missing");
  return PreKeyBundle.new(
    readRegistrationId(details),
    1,
    preKey === undefined ? null : idOf(preKey.keyId),
    preKey === undefined ? null : PublicKey.deserialize(bytesOf(preKey.key)),
    idOf(signedPreKey.keyId),
    PublicKey.deserialize(bytesOf(signedPreKey.key)),
    bytesOf(signedPreKey.signature),
    PublicKey.deserialize(bytesOf(identityKey)),
    idOf(kyberPreKey.keyId),
    KEMPublicKey.deserialize(bytesOf(kyberPreKey.key)),
    bytesOf(kyberPreKey.signature),
  );
}

function readRegistrationId(details: string | undefined): number {
  const value: unknown = JSON.parse(details ?? "null");
  const id =
    typeof value === "object" && value !== null && "registrationId" in value ? value.registrationId : undefined;
  if (!Number.isInteger(id) || (id as number) < 1 || (id as number) > 0x3fff) throw new Error("no registration id");
  return id as number;
}

function idOf(keyId: string): number {
  const id = numberOfKeyId(keyId);
  if (id === undefined || id > 0xffff_ffff) throw new Error("a key id is no number");
  return id;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const bytes = bytesOfBase64(base64);
  if (bytes === undefined) throw new Error("not base64");
  return new Uint8Array(bytes);
}

const kinds = new Map<number, string>([
  [CiphertextMessageType.PreKey, "preKey"],
  [CiphertextMessageType.Whisper, "message"],
]);

/**
 * Encrypts for one device.
 *
 * @throws MessagingError UnknownRecipient when there is no session
 */
export async function encryptContent(
  own: OwnDevice,
  state: StateTransaction,
  to: DeviceAddress,
  content: Content,
): Promise<Ciphertext> {
  const identity = await state.get(stateKeys.identity(to));
  if (identity === undefined) throw noSession(to);
  const { sessions, identities } = peerStores(own, state, to, identity);
  const now = new Date(own.nowMs());
  const peer = own.addressOf(to);
  try {
    const message = await signalEncrypt(encodeContent(content), peer, own.local, sessions, identities, now);
    return { to, kind: kinds.get(message.type())!, body: message.serialize() };
  } catch (cause) {
    if (!(await hasSession(own, state, to))) throw noSession(to, cause);
    throw cause;
  }
}

function noSession(to: DeviceAddress, cause?: unknown): MessagingError {
  return new MessagingError("UnknownRecipient", `There is no session with ${addressName(to)}: begin one before.`, {
    cause,
  });
}

type Open = (
  own: OwnDevice,
  from: DeviceAddress,
  body: Uint8Array<ArrayBuffer>,
  stores: PeerStores,
) => Promise<Uint8Array>;

const openers: ReadonlyMap<string, Open> = new Map<string, Open>([
  [
    "message",
    async (own, from, body, { sessions, identities }) =>
      signalDecrypt(SignalMessage.deserialize(body), own.addressOf(from), own.local, sessions, identities),
  ],
  [
    "preKey",
    async (own, from, body, { sessions, identities, preKeys, signedPreKeys, kyberPreKeys }) =>
      signalDecryptPreKey(
        PreKeySignalMessage.deserialize(body),
        own.addressOf(from),
        own.local,
        sessions,
        identities,
        preKeys,
        signedPreKeys,
        kyberPreKeys,
      ),
  ],
]);

/** What an attempt to open gave. */
export type Opened<T> =
  | { readonly kind: "opened"; readonly value: T }
  | { readonly kind: "duplicate" }
  | { readonly kind: "undecryptable" };

/** Opens a pairwise message of a device whose identity key is `identityKey` and no other. */
export async function openContent(
  own: OwnDevice,
  state: StateTransaction,
  from: DeviceAddress,
  message: ReceivedCiphertext,
  identityKey: string,
): Promise<Opened<Content>> {
  const open = openers.get(message.kind);
  if (open === undefined) return { kind: "undecryptable" };
  return openInDraft(state, async (draft) => {
    const stores = peerStores(own, draft, from, bytesOf(identityKey));
    const opened = await open(own, from, new Uint8Array(message.body), stores);
    const content = decodeContent(opened);
    if (content === undefined) throw new Error("the message is empty");
    return content;
  });
}

/** Runs what opens a message: whatever refuses it, the state stays as it was and there is one outcome. */
export async function openInDraft<T>(
  state: StateTransaction,
  run: (draft: StateTransaction) => Promise<T>,
): Promise<Opened<T>> {
  const opened = await attempt(state, run);
  if (opened.ok) return { kind: "opened", value: opened.result };
  const again = LibSignalErrorBase.is(opened.cause, ErrorCode.DuplicatedMessage);
  return { kind: again ? "duplicate" : "undecryptable" };
}
