import type { Challenges } from "./challenges.ts";
import type { Database } from "./database.ts";
import type { Directory } from "./directory.ts";
import type { RelayLimits } from "./limits.ts";
import type { Mailboxes } from "./mailboxes.ts";
import type { Rates } from "./rates.ts";
import type { HeadSigner } from "./relay.ts";
import type { RowCipher } from "./row-cipher.ts";
import type { TransparencyLog } from "./transparency-log.ts";

/** A device that proved which one it is. */
export interface Caller {
  readonly userId: string;
  readonly deviceId: string;
  /** Its row's key. */
  readonly device: Buffer;
  readonly protocol: string;
  readonly registrationId: number;
  /** Random: another one when a device is set up anew under the same id. */
  readonly incarnation: Buffer;
}

/** What operations work with. */
export interface RelayContext {
  readonly relayId: string;
  readonly database: Database;
  readonly cipher: RowCipher;
  readonly limits: RelayLimits;
  readonly rates: Rates;
  readonly directory: Directory;
  readonly mailboxes: Mailboxes;
  readonly log: TransparencyLog;
  readonly challenges: Challenges;
  readonly headSigner: HeadSigner;
  readonly registrationToken: string | undefined;
  readonly nowMs: () => number;
}

/** One request to an operation. */
export interface OperationInput {
  /** Parts of the path that the route names, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
  header(name: string): string | undefined;
  readonly peer: string;
  readonly caller: Caller | undefined;
}

/** An operation's answer: JSON, or octets. */
export type OperationAnswer =
  | { readonly status: number; readonly json: unknown }
  | { readonly status: number; readonly octets: Uint8Array };

/** 200 with JSON. */
export function ok(json: unknown): OperationAnswer {
  return { status: 200, json };
}
