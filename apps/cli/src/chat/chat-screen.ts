import type { ReceivedMessage, ServiceEvent } from "@coffer/messaging";
import { print, printable, styled } from "../terminal.ts";

/** Shows a conversation: lines for people, or a JSON object a line for machines. */
export class ChatScreen {
  readonly #user: string;
  readonly #json: boolean;

  constructor(user: string, json: boolean) {
    this.#user = user;
    this.#json = json;
  }

  /** A message that came. What it says is another's: no control characters reach the terminal. */
  tellMessage(message: ReceivedMessage): void {
    const { messageId, from, groupId, own, sentAtMs, text, bytes, attachments, conversation } = message;
    if (this.#json) {
      const sender = { from: from.userId, device: from.deviceId, conversation, groupId, own };
      const content = { text, bytes: bytes && Buffer.from(bytes).toString("base64"), attachments };
      print(JSON.stringify({ event: "message", messageId, ...sender, sentAtMs, ...content }));
      return;
    }
    const who = own ? `${from.userId} (${from.deviceId}) to ${conversation}` : from.userId;
    const said = text ?? (bytes === undefined ? "" : `(${bytes.length} bytes)`);
    for (const line of said.split("\n")) print(`${styled("cyan", `${printable(who)}:`)} ${printable(line)}`);
    if (attachments !== undefined && attachments.length > 0) {
      this.note(`${printable(who)} attached ${attachments.length} files; --json shows their pointers.`);
    }
  }

  /** What happened beside messages. */
  tellEvent(event: ServiceEvent): void {
    if (this.#json) {
      const error = "error" in event ? { error: event.error.message, code: event.error.code } : {};
      print(JSON.stringify({ ...event, ...error, event: event.kind }));
      return;
    }
    const text = this.#words(event);
    if (text !== undefined) this.note(text);
  }

  #words(event: ServiceEvent): string | undefined {
    switch (event.kind) {
      case "undecryptable":
        return `a message of ${event.from.userId} does not open; it was asked for again.`;
      case "refused":
        return `a message that says it is from ${event.from.userId} was refused (${event.why}).`;
      case "identityChanged":
        return `WARNING: ${event.userId} has another account key than before. Nothing goes there and nothing is shown until you compare /safety and say /accept.`;
      case "devicesChanged":
        return `devices of ${event.userId}: ${[...event.added.map((id) => `+${id}`), ...event.gone.map((id) => `-${id}`)].join(" ")}`;
      case "waiting":
        return `a message waits: ${event.error.message}`;
      case "dropped":
        return `a message cannot be sent: ${event.error.message}`;
      case "trouble":
        return event.error.message;
      default:
        return undefined;
    }
  }

  /** A line that is nobody's message. */
  note(text: string): void {
    if (this.#json) print(JSON.stringify({ event: "note", text }));
    else print(styled("dim", `* ${printable(text)}`));
  }

  /** A message that is on its way. */
  tellSent(messageId: string, to: string): void {
    if (this.#json) print(JSON.stringify({ event: "queued", messageId, from: this.#user, to }));
  }
}
