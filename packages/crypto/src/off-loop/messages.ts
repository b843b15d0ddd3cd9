import type { KeyObject } from "node:crypto";
import type { SchemeName } from "./schemes.ts";

/** What the worker is asked: a signature, or whether one is valid. */
export interface SignatureRequest {
  readonly id: number;
  readonly scheme: SchemeName;
  /** A handle: the key itself stays outside JavaScript's memory, in one copy for both threads. */
  readonly key: KeyObject;
  readonly bytes: Uint8Array;
  /** Absent: sign. */
  readonly signature: Uint8Array | undefined;
}

/** What the worker answers. Undefined: it failed, for a reason that stays with it. */
export interface SignatureReply {
  readonly id: number;
  readonly result: Uint8Array | boolean | undefined;
}
