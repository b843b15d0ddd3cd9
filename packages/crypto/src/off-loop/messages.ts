import type { KeyObject } from "node:crypto";
import type { EvpKey, EvpSchemeName } from "../openssl/evp-signatures.ts";
import type { SchemeName } from "./schemes.ts";

/** Work for OpenSSL. Who asks keeps the key alive until the answer is there. */
export interface OpensslWork {
  readonly by: "openssl";
  readonly scheme: EvpSchemeName;
  readonly key: EvpKey;
}

/** Work for Node's API or for JavaScript. */
export interface ScriptWork {
  readonly by: "script";
  readonly scheme: SchemeName;
  /** A handle: the key itself stays outside JavaScript's memory, in one copy for both threads. */
  readonly key: KeyObject;
}

/** What the worker is asked: a signature, or whether one is valid. */
export interface SignatureRequest {
  readonly id: number;
  readonly work: OpensslWork | ScriptWork;
  readonly bytes: Uint8Array;
  /** Absent: sign. */
  readonly signature: Uint8Array | undefined;
}

/** What the worker answers. Undefined: it failed, for a reason that stays with it. */
export interface SignatureReply {
  readonly id: number;
  readonly result: Uint8Array | boolean | undefined;
}
