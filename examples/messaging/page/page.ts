import {
  base64OfBytes,
  bytesOfBase64,
  E2EMessagingService,
  indexedDbVault,
  MessagingError,
  type ReceivedMessage,
  randomBytes,
  rawKey,
  registerProtocol,
  type ServiceEvent,
  type Vault,
} from "@coffer/messaging";
import { olm } from "@coffer/messaging-olm";

// A device in a tab: #alice is Alice, and writes to Bob; #bob the other way round.
const user = location.hash.slice(1) || "alice";
const deviceId = "browser";
const relayViewMs = 1000;

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${id}.`);
  return found;
}

const status = element("status", HTMLElement);
const peer = element("peer", HTMLInputElement);
const text = element("text", HTMLInputElement);
const file = element("file", HTMLInputElement);
const safety = element("safety-number", HTMLElement);
const messages = element("messages", HTMLOListElement);
const requests = element("requests", HTMLOListElement);

element("who", HTMLElement).textContent = `${user}, device ${deviceId}`;
peer.value = user === "alice" ? "bob" : "alice";

function show(said: string, kind: "theirs" | "mine" | "alarm", link?: { url: string; name: string }): void {
  const item = document.createElement("li");
  item.className = kind;
  item.textContent = said;
  if (link !== undefined) {
    const anchor = document.createElement("a");
    anchor.href = link.url;
    anchor.download = link.name;
    anchor.textContent = link.name;
    item.append(" ", anchor);
  }
  messages.append(item);
  item.scrollIntoView();
}

/** Shows what went wrong; what is no error of the library's is a fault of the page. */
function alarm(cause: unknown): void {
  const words =
    cause instanceof MessagingError ? `${cause.code}: ${cause.message}` : `The page failed: ${String(cause)}`;
  show(words, "alarm");
  console.error(cause);
}

const eventWords: ReadonlyMap<ServiceEvent["kind"], (event: ServiceEvent) => string> = new Map([
  [
    "identityChanged",
    (event: ServiceEvent) =>
      `${"userId" in event ? event.userId : ""} has another account key: nothing is sent or shown.`,
  ],
  ["refused", (event: ServiceEvent) => `A message was refused: ${"why" in event ? event.why : ""}.`],
  ["undecryptable", () => "A message does not open; it was asked for again."],
]);

function onEvent(event: ServiceEvent): void {
  const words = eventWords.get(event.kind);
  if ("error" in event) alarm(event.error);
  else if (words !== undefined) show(words(event), "alarm");
}

async function receive(service: E2EMessagingService): Promise<void> {
  for await (const message of service.messages()) await showMessage(service, message);
}

async function showMessage(service: E2EMessagingService, message: ReceivedMessage): Promise<void> {
  const kind = message.own ? "mine" : "theirs";
  if (message.text !== undefined) show(`${message.from.userId}: ${message.text}`, kind);
  for (const pointer of message.attachments ?? []) {
    try {
      const content = await service.downloadAttachment(pointer);
      const { name = "attachment" } = pointer as { name?: string };
      const url = URL.createObjectURL(new Blob([content.slice()]));
      show(`${message.from.userId} sent ${content.length} bytes:`, kind, { url, name });
    } catch (cause) {
      alarm(cause);
    }
  }
}

async function send(service: E2EMessagingService): Promise<void> {
  const said = text.value;
  const [attached] = file.files ?? [];
  text.value = "";
  if (attached !== undefined) {
    const content = new Uint8Array(await attached.arrayBuffer());
    const pointer = await service.uploadAttachment(content, { name: attached.name });
    await service.sendEncryptedMessage(peer.value, { attachments: [pointer] });
    show(`${user}: sent ${attached.name}`, "mine");
    file.value = "";
  }
  if (said === "") return;
  await service.sendEncryptedMessage(peer.value, said);
  show(`${user}: ${said}`, "mine");
}

async function showRelayView(): Promise<void> {
  const answer = await fetch("/what-the-relay-sees");
  const seen = (await answer.json()) as { method: string; path: string; body: string }[];
  requests.replaceChildren(
    ...seen
      .slice(-30)
      .reverse()
      .map(({ method, path, body }) => {
        const item = document.createElement("li");
        item.textContent = `${method} ${path} ${body}`;
        return item;
      }),
  );
}

/** The device's vault, one for each relay, so that a tab that is opened again goes on. */
async function openVault(): Promise<Vault> {
  const { relayId } = (await (await fetch("/v1/relay")).json()) as { relayId: string };
  const name = `coffer-demo-${relayId}-${user}`;
  // For trying out. A real page asks for a passphrase (passphraseKey), or for a key of its user's (cofferKey).
  const kept = localStorage.getItem(name);
  const key = kept === null ? randomBytes(32) : bytesOfBase64(kept)!;
  if (kept === null) localStorage.setItem(name, base64OfBytes(key));
  return indexedDbVault(name, { owner: { userId: user, deviceId, protocol: "olm" }, key: rawKey(key) });
}

async function start(): Promise<void> {
  registerProtocol(olm());
  const vault = await openVault();
  const account = { user, deviceId, protocol: "olm", relay: location.origin, vault, onEvent } as const;
  const service = await E2EMessagingService.open(account);
  element("send", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    send(service).catch(alarm);
  });
  element("safety", HTMLButtonElement).addEventListener("click", () => {
    service.safetyNumber(peer.value).then(({ digits }) => {
      safety.textContent = digits;
    }, alarm);
  });
  setInterval(() => void showRelayView().catch(() => undefined), relayViewMs);
  receive(service).catch(alarm);
  status.textContent = "ready";
}

start().catch((cause: unknown) => {
  status.textContent = "not started";
  alarm(cause);
});
