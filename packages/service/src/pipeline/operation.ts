import type { Core } from "../core.ts";
import type { Delegation } from "../grants/constraints.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import type { KeyOrigin, KeyState, KeyUsage } from "../model/key.ts";
import type { RequestContext } from "../model/request.ts";
import type { SealToRecipient } from "./attested-recipient.ts";
import type { DecisionRecord } from "./decision.ts";

/** Which key a demand is about. */
export type KeyTarget =
  /** Named by the caller: key id, ARN or alias. */
  | { readonly by: "reference"; readonly text: string }
  /** Named by a ciphertext; `expected` is the caller's own reference, which must be the same key. */
  | { readonly by: "ciphertext"; readonly keyId: string; readonly expected?: string | undefined };

/** A key that an operation needs, and what must hold for it. */
export interface KeyDemand<Input> {
  /** IAM action, such as `kms:Encrypt`. */
  readonly action: string;
  readonly target: (input: Input, core: Core) => KeyTarget;
  /** States in which the operation works; the AWS KMS key-state table. */
  readonly states: readonly KeyState[];
  readonly usage?: KeyUsage;
  /** The algorithm that the caller wants, which the key must have; its AWS KMS name. */
  readonly algorithm?: (input: Input) => string;
  /** Policy conditions of this key alone, instead of the operation's. */
  readonly conditions?: (input: Input) => OperationConditions;
  /**
   * Whether a key in a custom key store will do. When absent, it will not for what uses key material (plane `data`): its
   * own material alone must never encrypt anything.
   */
  readonly inKeyStore?: boolean;
  /** Origins of the keys that the operation is for; looked at before the state. */
  readonly origins?: readonly KeyOrigin[];
  /** Managed keys (`aws/SERVICE`) are refused. */
  readonly customerOnly?: boolean;
  /** What a grant would give on that is made with this demand: no grant gives on more than it is. */
  readonly delegation?: (input: Input) => Delegation;
  /** The operation's `check` authorizes, not the key's policies. */
  readonly authorizedByCheck?: boolean;
}

/** One call of an operation, authorized. */
export interface Call<Input> {
  readonly core: Core;
  readonly request: RequestContext;
  readonly input: Input;
  /** One entry a demand, in order. */
  readonly keys: readonly KeyEntry[];
  readonly nowMs: number;
  /** Takes the ids of the grants that the call makes use of, for the audit record. */
  readonly grants: string[];
  /** Takes what was decided beyond the policies of the keys, for the audit record. */
  readonly decisions: DecisionRecord[];
}

/** Pairs for the policy conditions of one operation, by lower-case condition key. */
export type OperationConditions = ReadonlyMap<string, readonly string[]>;

/** A resource that is no key (an alias, the account): identity policies decide. */
export interface ResourceDemand {
  readonly action: string;
  readonly resource: string;
  /** The region that it happens in, where that is not the request's: policies on `aws:RequestedRegion` look at this one. */
  readonly region?: string;
}

/** One operation of the core. Everything around `run` is the pipeline's. */
export interface Operation<Input, Output> {
  /** The field's name of it, and the audit record's `eventName` unless the wire gives its own. */
  readonly name: string;
  /** `data` operations use key material; `control` operations change or read metadata. */
  readonly plane: "data" | "control";
  readonly readOnly: boolean;
  /** CloudTrail's `eventSource`. */
  readonly eventSource?: string;
  /** It reads or changes what belongs to the whole instance: principals of other accounts are refused. */
  readonly instanceWide?: boolean;
  /** The request quota that it counts against, where that is neither its own nor its keys'. */
  readonly quota?: (input: Input) => string;
  readonly keys: readonly KeyDemand<Input>[];
  readonly resources?: (input: Input, request: RequestContext) => readonly ResourceDemand[];
  /** Policy conditions that come from the input, such as the encryption context. Asked for only when a policy has some. */
  readonly conditions?: (input: Input) => OperationConditions;
  /** Policy conditions that the store is asked for, once the keys are found. */
  readonly storedConditions?: (core: Core, key: KeyEntry, nowMs: number) => Promise<OperationConditions>;
  /** `requestParameters` of the audit record: an allow-list, nothing else of the input is recorded. */
  readonly record: (input: Input) => Readonly<Record<string, unknown>> | null;
  /** `responseElements` of the audit record; absent means null. */
  readonly recordOutput?: (output: Output) => Readonly<Record<string, unknown>>;
  /**
   * What else must hold: input that only the store can refute, permissions that no policy decides on. A dry run checks
   * it as well. It changes nothing, and throws ServiceError.
   */
  readonly check?: (call: Call<Input>) => void | Promise<void>;
  /** Runs again after a lost race, so it changes nothing before its one commit. */
  readonly run: (call: Call<Input>) => Output | Promise<Output>;
  /**
   * The output with its secrets encrypted to the attested recipient of the request, and wiped. Operations without it
   * refuse requests that have a recipient.
   */
  readonly forRecipient?: (output: Output, seal: SealToRecipient) => Output;
  /** Wipes secrets of an output that nobody gets because its audit record could not be written. */
  readonly wipe?: (output: Output) => void;
}

/** Declares an operation. */
export function defineOperation<Input, Output>(operation: Operation<Input, Output>): Operation<Input, Output> {
  return operation;
}
