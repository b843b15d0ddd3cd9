import { createInterface } from "node:readline";
import { MessagingError } from "@coffer/messaging";
import { OperatorError } from "@coffer/server/config";
import type { Chat } from "./open-chat.ts";

interface Talk {
  readonly chat: Chat;
  to: string | undefined;
}

interface LineCommand {
  readonly doc: string;
  run(talk: Talk, argument: string): Promise<void>;
}

const commands: ReadonlyMap<string, LineCommand> = new Map<string, LineCommand>([
  [
    "to",
    {
      doc: "/to NAME: lines go to NAME from now on",
      async run(talk, argument) {
        if (argument === "") throw new OperatorError("/to needs a name");
        talk.to = argument;
        talk.chat.screen.note(`lines go to ${argument}`);
      },
    },
  ],
  [
    "safety",
    {
      doc: "/safety: the safety number with whom you write to; compare it by voice",
      async run(talk) {
        const { digits } = await talk.chat.service.safetyNumber(peerOf(talk));
        talk.chat.screen.note(`safety number with ${peerOf(talk)}: ${digits}`);
      },
    },
  ],
  [
    "verified",
    {
      doc: "/verified: you compared the safety number, and it was the same",
      async run(talk) {
        await talk.chat.service.setVerified(peerOf(talk), true);
        talk.chat.screen.note(`${peerOf(talk)} is verified`);
      },
    },
  ],
  [
    "accept",
    {
      doc: "/accept: trust the account key that they have now",
      async run(talk) {
        const changed = await talk.chat.service.acceptNewIdentity(peerOf(talk));
        talk.chat.screen.note(changed ? `${peerOf(talk)} is trusted again` : "nothing had changed");
      },
    },
  ],
  [
    "devices",
    {
      doc: "/devices: the devices of whom you write to, as their account signed them",
      async run(talk) {
        const devices = await talk.chat.service.devices(peerOf(talk));
        talk.chat.screen.note(
          devices.map(({ deviceId, protocol }) => `${deviceId} (${protocol})`).join(", ") || "none",
        );
      },
    },
  ],
  [
    "help",
    {
      doc: "/help: this",
      async run({ chat }) {
        for (const { doc } of commands.values()) chat.screen.note(doc);
        chat.screen.note("/quit: the end. A line that begins with // is sent with one of them.");
      },
    },
  ],
]);

/**
 * Talks until the input ends, or `/quit`.
 *
 * @param isFollowing whether messages are shown as they come; else what waits is shown at the end
 * @returns the exit code: 1 when something was not sent
 */
export async function runConversation(chat: Chat, to: string | undefined, isFollowing: boolean): Promise<number> {
  const talk: Talk = { chat, to };
  const following = isFollowing ? follow(chat) : undefined;
  let failed = 0;
  for await (const line of createInterface({ input: process.stdin, terminal: false })) {
    if (line === "/quit") break;
    if (line === "") continue;
    try {
      await say(talk, line);
    } catch (cause) {
      if (!(cause instanceof MessagingError) && !(cause instanceof OperatorError)) throw cause;
      failed = 1;
      chat.screen.note(cause.message);
    }
  }
  if (following === undefined) for (const message of await chat.service.receiveAll()) chat.screen.tellMessage(message);
  else if (process.stdin.isTTY !== true) await following;
  return failed;
}

async function follow({ service, screen }: Chat): Promise<void> {
  for await (const message of service.messages()) screen.tellMessage(message);
}

async function say(talk: Talk, line: string): Promise<void> {
  const command = /^\/([a-z]+)(?: +(.*))?$/.exec(line);
  if (command !== null) {
    const found = commands.get(command[1] ?? "");
    if (found === undefined) throw new OperatorError(`unknown command ${line.split(" ")[0]}; /help lists them`);
    await found.run(talk, command[2] ?? "");
    return;
  }
  const to = peerOf(talk);
  const { messageId } = await talk.chat.service.sendEncryptedMessage(to, line.startsWith("//") ? line.slice(1) : line);
  talk.chat.screen.tellSent(messageId, to);
}

function peerOf({ to }: Talk): string {
  if (to === undefined) throw new OperatorError("to whom? --with NAME, or /to NAME");
  return to;
}
