import {
  type Core,
  execute,
  type MountRecord,
  type Operation,
  type RequestContext,
  type WireRequest,
} from "@coffer/service";
import type { VaultResult } from "./envelope.ts";
import type { Fields } from "./fields.ts";

/** What a request wants of its path (Vault: logical operations). */
export type VaultOperation = "read" | "list" | "scan" | "update" | "patch" | "delete";

/** One authenticated request on its way through a route. */
export class VaultCall {
  readonly core: Core;
  /** Who calls, as ACL policies let them; of routes without a token, nobody. */
  readonly context: RequestContext;
  readonly fields: Fields;
  /** What the route's pattern captured, in order. */
  readonly captures: readonly string[];
  /** The mount that the path lies on; undefined below `sys/` and `auth/`. */
  readonly mount: MountRecord | undefined;
  /** The token that was shown; undefined where none is needed. Only its holder's own lookup may repeat it. */
  readonly token: string | undefined;
  /** The request as it came, for what a body or query does not hold: its address, its certificate. */
  readonly request: WireRequest;
  /** Whether a write makes what is not there: only for routes that can tell (`Route.exists`). */
  readonly creates: boolean;
  /** How long the answer is to be wrapped, in seconds; undefined when it is not. */
  readonly wrapTtlSeconds: number | undefined;
  #audited = false;

  constructor(parts: {
    readonly core: Core;
    readonly context: RequestContext;
    readonly fields: Fields;
    readonly captures: readonly string[];
    readonly mount: MountRecord | undefined;
    readonly token: string | undefined;
    readonly request: WireRequest;
    readonly creates: boolean;
    readonly wrapTtlSeconds: number | undefined;
  }) {
    this.core = parts.core;
    this.context = parts.context;
    this.fields = parts.fields;
    this.captures = parts.captures;
    this.mount = parts.mount;
    this.token = parts.token;
    this.request = parts.request;
    this.creates = parts.creates;
    this.wrapTtlSeconds = parts.wrapTtlSeconds;
  }

  /** Whether an operation ran, and with it left its audit record. */
  get audited(): boolean {
    return this.#audited;
  }

  /** Runs an operation of the core. @throws ServiceError */
  execute<Input, Output>(operation: Operation<Input, Output>, input: Input, eventName?: string): Promise<Output> {
    this.#audited = true;
    const context = eventName === undefined ? this.context : { ...this.context, eventName };
    return execute(this.core, operation, input, context);
  }
}

export type RouteHandler = (call: VaultCall) => Promise<VaultResult>;
