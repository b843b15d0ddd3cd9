import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  generateHeadKey,
  type HeadSigner,
  loadHeadKey,
  localHeadSigner,
  openRelay,
  type Relay,
  RowUnreadable,
} from "@coffer/messaging-relay";
import { describeFailure } from "../describe-failure.ts";
import { OperatorError } from "../operator-error.ts";
import { systemClock } from "../system-clock.ts";
import { type DataKeys, openRowKey, readIfThere, writeDurably } from "./row-key.ts";

/** Where a relay is and by what keys it is opened. */
export interface RelayInstanceOptions {
  readonly dataDirectory: string;
  /** Undefined: a key of the relay's own, in its directory. */
  readonly dataKeys: DataKeys | undefined;
  /** Undefined: a key of the relay's own, in its directory. */
  readonly headSigner: HeadSigner | undefined;
  readonly registrationToken: string | undefined;
  readonly onFault: (requestId: string, cause: unknown) => void;
}

const privateMode = 0o700;
const headKeyFile = "head-key";

/**
 * Opens the relay of a directory, which it makes when it is missing.
 *
 * @throws OperatorError
 */
export async function openRelayInstance(options: RelayInstanceOptions): Promise<Relay> {
  const { dataDirectory, registrationToken, onFault } = options;
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: privateMode });
  } catch (cause) {
    throw new OperatorError(`cannot make ${dataDirectory}: ${(cause as NodeJS.ErrnoException).code}.`, 1, { cause });
  }
  const rowKey = await openRowKey(dataDirectory, options.dataKeys);
  const headSigner = options.headSigner ?? ownSigner(dataDirectory);
  try {
    return await openRelay({
      databasePath: join(dataDirectory, "relay.db"),
      rowKey,
      headSigner,
      nowMs: () => systemClock.nowMs(),
      registrationToken,
      onFault,
    });
  } catch (cause) {
    throw openingFailure(dataDirectory, cause);
  }
}

function ownSigner(directory: string): HeadSigner {
  const file = join(directory, headKeyFile);
  let key = readIfThere(file);
  if (key === undefined) {
    key = generateHeadKey();
    writeDurably(file, key);
  }
  const signer = localHeadSigner(loadHeadKey(key));
  key.fill(0);
  return signer;
}

const busyCode = 5;

function openingFailure(directory: string, cause: unknown): OperatorError {
  if (cause instanceof RowUnreadable) {
    return new OperatorError(
      `the database in ${directory} was made under another key: name the one that it was made with.`,
    );
  }
  if ((cause as { errcode?: unknown }).errcode === busyCode) {
    return new OperatorError(`another relay uses ${directory}: stop it, or name another --data-dir.`, 1, { cause });
  }
  return new OperatorError(`the relay in ${directory} cannot be opened: ${describeFailure(cause).line}`, 1, { cause });
}
