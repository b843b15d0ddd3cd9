import { join, resolve } from "node:path";
import { OperatorError } from "@coffer/server/config";
import { type Command, flagText, type Invocation, isOn, jsonOption } from "../command.ts";
import { keyServiceOptions } from "../key-services.ts";

/** `coffer chat`. */
export const chatCommand: Command = {
  name: "chat",
  summary: "Chat end-to-end encrypted, through a relay",
  usage: "--as NAME --with NAME [--relay URL] [OPTION]...",
  options: [
    { name: "as", placeholder: "NAME", doc: "Who you are at the relay." },
    { name: "with", placeholder: "NAME", doc: "To whom lines go; /to NAME changes it." },
    { name: "relay", placeholder: "URL", doc: "The relay. Default: http://127.0.0.1:8300." },
    { name: "device", placeholder: "ID", doc: "This device of yours. Default: terminal." },
    { name: "protocol", placeholder: "NAME", doc: "olm or mls. Default: olm. Both sides must have the same." },
    {
      name: "vault",
      placeholder: "DIR",
      doc: "Where this device keeps its keys. Default: ~/.coffer/chat/NAME-DEVICE.",
    },
    {
      name: "key",
      placeholder: "KEY",
      doc: "The key of a KMS server under which the vault is sealed; else a key file beside it.",
    },
    { name: "registration-token-file", placeholder: "FILE", doc: "What the relay asks of new accounts." },
    { name: "follow", doc: "Go on receiving when the input ends, as on a terminal." },
    ...keyServiceOptions,
    jsonOption,
  ],
  notes: [
    "Each line is a message. /to NAME, /safety, /verified, /accept, /devices, /quit; /help says what they do.",
    "In a pipe the lines are sent, what waits is printed, and it ends.",
    "Example:\n  coffer chat --as alice --with bob",
    "Example:\n  uptime | coffer chat --as server1 --with oncall",
  ],
  run: runChat,
};

const defaultRelay = "http://127.0.0.1:8300";

async function runChat(invocation: Invocation): Promise<number> {
  const user = flagText(invocation, "as");
  if (user === undefined) throw new OperatorError("say who you are: coffer chat --as NAME --with NAME", 2);
  const device = flagText(invocation, "device") ?? "terminal";
  const { openChat } = await import("../chat/open-chat.ts");
  const { runConversation } = await import("../chat/conversation.ts");
  const directory = flagText(invocation, "vault");
  const chat = await openChat(invocation, {
    user,
    device,
    relay: flagText(invocation, "relay") ?? defaultRelay,
    protocol: flagText(invocation, "protocol") ?? "olm",
    vaultDirectory:
      directory === undefined
        ? join(invocation.homeDirectory, ".coffer", "chat", `${user}-${device}`)
        : resolve(invocation.workingDirectory, directory),
    keyId: flagText(invocation, "key"),
    registrationTokenFile: flagText(invocation, "registration-token-file"),
    json: isOn(invocation, "json"),
  });
  try {
    const isFollowing = process.stdin.isTTY === true || isOn(invocation, "follow");
    return await runConversation(chat, flagText(invocation, "with"), isFollowing);
  } finally {
    await chat.close();
  }
}
