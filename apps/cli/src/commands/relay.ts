import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isLoopbackHost, OperatorError, parseListenAddress } from "@coffer/server/config";
import { type Command, flagText, type Invocation, isOn, type OptionRow } from "../command.ts";
import { keyServiceOptions, openKeyServices } from "../key-services.ts";
import { exitOnClosedOutput, print } from "../terminal.ts";

const keyOptions: readonly OptionRow[] = [
  {
    name: "key",
    placeholder: "KEY",
    doc: "The key of a KMS server under which the relay's tables are sealed: an ARN, a key id, or alias/NAME.",
  },
  { name: "local-key", doc: "Seal the tables under a key that lies in the data directory: for trying out." },
  {
    name: "sign-key",
    placeholder: "KEY",
    doc: "The KMS key that signs the heads of the transparency log (Ed25519, P-256 or P-384); else one in the data directory.",
  },
  {
    name: "data-dir",
    placeholder: "DIR",
    doc: "Where the relay keeps its data. Default: ~/.coffer/relay.",
  },
  ...keyServiceOptions,
];

/** `coffer relay`. */
export const relayCommand: Command = {
  name: "relay",
  summary: "Run the key directory and relay of end-to-end encrypted messages until it is told to stop",
  usage: "--key KEY|--local-key [--listen HOST:PORT]... [OPTION]...",
  options: [
    {
      name: "listen",
      placeholder: "HOST:PORT",
      many: true,
      doc: "An address to listen on, repeatable. Default: 127.0.0.1:8300.",
    },
    { name: "tls-cert-file", placeholder: "FILE", doc: "PEM certificate chain; with it the relay speaks HTTPS." },
    { name: "tls-key-file", placeholder: "FILE", doc: "PEM private key of that certificate." },
    {
      name: "registration-token-file",
      placeholder: "FILE",
      doc: "A file with a token that whoever makes an account has to give; else anybody may.",
    },
    {
      name: "origin",
      placeholder: "URL",
      many: true,
      doc: "An origin of pages elsewhere that may call the relay, repeatable.",
    },
    ...keyOptions,
  ],
  notes: [
    "The relay never has a message's key. docs/RELAY.md says what it learns and what not.",
    "Example:\n  coffer relay --key alias/relay --endpoint http://127.0.0.1:8080",
    "Example:\n  coffer relay --local-key",
  ],
  run: runRelayCommand,
};

/** `coffer relay reset-account`. */
export const relayResetCommand: Command = {
  name: "relay reset-account",
  summary: "Let a user who lost all devices begin anew with another account key",
  usage: "USER --key KEY|--local-key [--data-dir DIR]",
  options: keyOptions,
  maxPositionals: 1,
  notes: [
    "The relay must not run meanwhile. What it has of the user's devices is erased. Whoever knows the user is warned that the account",
    "key is another one, and the transparency log shows it to all.",
    "Example:\n  coffer relay reset-account alice@example.org --key alias/relay",
  ],
  run: runReset,
};

const defaultListen = "127.0.0.1:8300";

async function runRelayCommand(invocation: Invocation): Promise<number> {
  const listen = (invocation.flags.get("listen") ?? [defaultListen]).map((text) => {
    const address = parseListenAddress(text);
    if (typeof address === "string") throw new OperatorError(`--listen: ${address}`, 2);
    return address;
  });
  const tls = readTlsFlags(invocation);
  const tokenFile = flagText(invocation, "registration-token-file");
  const registrationToken = tokenFile === undefined ? undefined : readToken(invocation, tokenFile);
  const origins = new Set((invocation.flags.get("origin") ?? []).map(readOrigin));
  const instance = await instanceOptions(invocation);
  // A relay goes on when nobody reads its output any more.
  process.stdout.off("error", exitOnClosedOutput);
  const { runRelay } = await import("@coffer/server/relay");
  const open = registrationToken === undefined && listen.some(({ host }) => !isLoopbackHost(host));
  const plain = tls === undefined && listen.some(({ host }) => !isLoopbackHost(host));
  return runRelay({ ...instance, listen, tls, registrationToken, origins, page: new Map() }, (urls) =>
    announcement(urls[0] ?? "", {
      "Plain HTTP: clients refuse it from elsewhere. For others: --tls-cert-file F --tls-key-file F": plain,
      "Anybody may make an account. To choose who: --registration-token-file FILE": open,
      "The tables' key lies beside them. For real: coffer relay --key alias/NAME --endpoint URL": isOn(
        invocation,
        "local-key",
      ),
      "The log's heads are signed by a key of this directory. For real: --sign-key KEY":
        flagText(invocation, "sign-key") === undefined,
    }),
  );
}

function announcement(url: string, warnings: Readonly<Record<string, boolean>>): string {
  const shown = Object.entries(warnings)
    .filter(([, applies]) => applies)
    .map(([text]) => `- ${text}\n`);
  return `
Paste one of these into another terminal:

# who the relay is, and by what key it signs its log
curl ${url}/v1/relay

# chat: two terminals
bin/coffer chat --as alice --with bob --relay ${url}
bin/coffer chat --as bob --with alice --relay ${url}
${shown.length === 0 ? "" : `\nNot yet fit for production:\n${shown.join("")}`}`;
}

async function runReset(invocation: Invocation): Promise<number> {
  const [userId] = invocation.positionals;
  if (userId === undefined) throw new OperatorError("USER is missing; usage: coffer relay reset-account USER", 2);
  const instance = await instanceOptions(invocation);
  const { openRelayInstance } = await import("@coffer/server/relay");
  const onFault = () => undefined;
  const relay = await openRelayInstance({ ...instance, registrationToken: undefined, onFault });
  try {
    if (!(await relay.resetAccount(userId))) throw new OperatorError(`the relay knows no user ${userId}.`);
  } finally {
    await relay.close();
  }
  print(`${userId} may begin anew: the next device list may be of another account key.`);
  return 0;
}

async function instanceOptions(invocation: Invocation) {
  const key = flagText(invocation, "key");
  const signKey = flagText(invocation, "sign-key");
  const isLocal = isOn(invocation, "local-key");
  if ((key === undefined) !== isLocal) {
    throw new OperatorError(
      "name the key that seals the relay's tables with --key KEY, or try it out with --local-key.",
      2,
    );
  }
  const dataDirectory = resolve(
    invocation.workingDirectory,
    flagText(invocation, "data-dir") ?? join(invocation.homeDirectory, ".coffer", "relay"),
  );
  if (key === undefined && signKey === undefined) return { dataDirectory, dataKeys: undefined, headSigner: undefined };
  const services = await openKeyServices(invocation);
  const { kmsDataKeys, kmsHeadSigner } = await import("../relay-keys.ts");
  return {
    dataDirectory,
    dataKeys: key === undefined ? undefined : kmsDataKeys(services.kms(), key),
    headSigner: signKey === undefined ? undefined : await kmsHeadSigner(services.kms(), signKey),
  };
}

function readTlsFlags(invocation: Invocation): { certFile: string; keyFile: string } | undefined {
  const certFile = flagText(invocation, "tls-cert-file");
  const keyFile = flagText(invocation, "tls-key-file");
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw new OperatorError("--tls-cert-file and --tls-key-file belong together.", 2);
  }
  const at = (file: string) => resolve(invocation.workingDirectory, file);
  return { certFile: at(certFile), keyFile: at(keyFile) };
}

function readToken(invocation: Invocation, file: string): string {
  let text: string;
  try {
    text = readFileSync(resolve(invocation.workingDirectory, file), "utf8").trim();
  } catch (cause) {
    throw new OperatorError(`cannot read ${file}: ${(cause as NodeJS.ErrnoException).code}.`, 1, { cause });
  }
  if (!/^[!-~]{16,256}$/.test(text)) {
    throw new OperatorError(
      `${file} must have one token of 16 to 256 printable characters: openssl rand -hex 16 > ${file}`,
    );
  }
  return text;
}

function readOrigin(text: string): string {
  const url = URL.parse(text);
  if (url === null || url.origin === "null" || `${url.origin}/` !== url.href) {
    throw new OperatorError(`--origin: "${text}" is no origin; write https://chat.example.org`, 2);
  }
  return url.origin;
}
