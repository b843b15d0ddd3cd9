import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type Core, confirmRootCredential, type RootCredential, redactTokens, type WireHandler } from "@coffer/service";
import { createAwsWire } from "@coffer/wire-aws";
import { createRestWire } from "@coffer/wire-rest";
import { createSealWire, createVaultWire } from "@coffer/wire-vault";
import { createXksWire } from "@coffer/wire-xks";
import { answerWhileSealed } from "./answer-while-sealed.ts";
import { banner } from "./banner.ts";
import type { Settings } from "./config/index.ts";
import { describeForWire } from "./describe-adapter-error.ts";
import { dispatch, type Wires } from "./dispatch.ts";
import { openFoundation } from "./foundation.ts";
import type { DescribeAdapterError } from "./http/adapter-errors.ts";
import { OperatorError } from "./operator-error.ts";
import type { RunningRelay } from "./relay/index.ts";
import { startRelayBeside } from "./relay-beside.ts";
import { SealLife } from "./seal-life.ts";
import { systemClock } from "./system-clock.ts";
import { version } from "./version.ts";

/** A server, open and without listeners. */
export interface ComposedServer {
  readonly handler: WireHandler;
  readonly describeAdapterError: DescribeAdapterError;
  /** Called once with the listeners' URLs: writes the credentials file, and gives what to print; empty for nothing. */
  announce(urls: readonly string[]): Promise<string>;
  /** Called once what `announce` gave was printed. */
  announced(): Promise<void>;
  /** Opens anew the files that a log rotation may have moved away. */
  reopenFiles(): void;
  close(): Promise<void>;
}

/**
 * Opens the instance, as far as its seal opens by itself, and puts the wires on it.
 *
 * @throws OperatorError, and errors whose messages are for operators
 */
export async function composeServer(settings: Settings): Promise<ComposedServer> {
  let urls: readonly string[] = [];
  const foundation = await openFoundation(settings, systemClock, { reportBug, tellOperator });
  let life: SealLife;
  try {
    life = await SealLife.begin(foundation, {
      serve: (core) => dispatch(openWires(core, settings)),
      answerSealed: answerWhileSealed,
      initialized: (root) => keepCredentials(settings, urls, root),
    });
  } catch (error) {
    await foundation.close();
    throw error;
  }
  let relay: RunningRelay | undefined;
  try {
    const wanted = settings.persistent?.relay;
    if (wanted !== undefined && life.instance !== undefined) {
      relay = await startRelayBeside(life.instance.core, settings, wanted);
    }
  } catch (error) {
    await life.close();
    throw error;
  }
  const sealWire = createSealWire(life, { version });
  return {
    handler: (request) => sealWire(request) ?? life.serve(request),
    describeAdapterError: describeForWire,
    async announce(given) {
      urls = given;
      const made = life.instance?.takeMade();
      if (made !== undefined && settings.credentialsFile !== undefined) {
        await writeCredentials(settings.credentialsFile, settings, urls, made);
      }
      const relays = (relay?.urls ?? []).map((url) => `relay listening on ${url}\n`).join("");
      return relays + banner({ settings, urls, made, state: life.state() });
    },
    async announced() {
      if (life.instance !== undefined) await confirmRootCredential(life.instance.core);
    },
    reopenFiles: () => life.instance?.core.auditDevices.reopen(),
    async close() {
      try {
        await relay?.stop();
      } finally {
        await life.close();
      }
    },
  };
}

function openWires(core: Core, { xks }: Settings): Wires {
  return {
    aws: createAwsWire(core),
    vault: createVaultWire(core),
    rest: createRestWire(core, { version }),
    xks: xks.uriPath === undefined ? undefined : createXksWire(core, { version, uriPath: xks.uriPath }),
  };
}

/** Whoever initialized the instance must get their answer, so a file that cannot be written is only told of. */
async function keepCredentials(settings: Settings, urls: readonly string[], root: RootCredential): Promise<void> {
  if (settings.credentialsFile === undefined) return;
  try {
    await writeCredentials(settings.credentialsFile, settings, urls, root);
  } catch (error) {
    tellOperator((error as Error).message);
  }
}

/** A bug is told on stderr with the id that the caller got; never with a request's values. */
export function reportBug(errorId: string, error: unknown): void {
  const stack = error instanceof Error ? error.stack : typeof error;
  process.stderr.write(`coffer: internal error ${errorId}: ${redactTokens(String(stack))}\n`);
}

/** What the operator has to know of audit trail and database, once. */
export function tellOperator(line: string): void {
  process.stderr.write(`coffer: ${line}\n`);
}

const privateDirectoryMode = 0o700;
const privateFileMode = 0o600;

/** Writes the root's credentials, for client commands and scripts: mode 0600, replaced whole. */
export async function writeCredentials(
  file: string,
  settings: Settings,
  urls: readonly string[],
  made: RootCredential,
): Promise<void> {
  const content = {
    accessKeyId: made.accessKeyId,
    secretAccessKey: made.secretAccessKey,
    token: made.token,
    account: settings.account,
    region: settings.region,
    endpoint: urls[0],
  };
  try {
    await mkdir(dirname(file), { recursive: true, mode: privateDirectoryMode });
    const partial = `${file}.${process.pid}.partial`;
    const descriptor = openSync(partial, "wx", privateFileMode);
    try {
      writeSync(descriptor, `${JSON.stringify(content, null, 2)}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(partial, file);
  } catch (error) {
    throw new OperatorError(
      `cannot write the credentials file ${file}: ${(error as NodeJS.ErrnoException).code}. The credentials were made; ` +
        "make new ones with 'bin/coffer admin root-credential' while the server is stopped.",
    );
  }
}
