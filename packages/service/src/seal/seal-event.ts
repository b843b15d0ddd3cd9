import { randomId } from "@coffer/crypto";
import { type AnonymousCaller, auditEventJson } from "../audit/event.ts";
import type { ErrorDetail } from "../errors.ts";
import type { ChangeEvent } from "../pipeline/unrecorded.ts";

/** What the audit trail calls the part of the server that opens and closes it. */
export const sealEventSource = "coffer";

/** What happened to the seal by somebody's request, who showed no credentials. */
export interface SealEventFacts {
  readonly caller: AnonymousCaller;
  readonly account: string;
  /** `Initialize`, `Unseal`, `ResetUnseal`. */
  readonly eventName: string;
  readonly nowMs: number;
  /** Nothing of any share. */
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly response?: Readonly<Record<string, unknown>>;
  readonly error?: ErrorDetail | undefined;
}

/** The audit record of a request that the seal answered and no operation ran for. */
export function sealEvent(facts: SealEventFacts): ChangeEvent {
  const eventId = randomId();
  const eventJson = auditEventJson({
    ...facts,
    eventId,
    eventSource: sealEventSource,
    readOnly: false,
    response: facts.response ?? null,
    keys: [],
  });
  return { eventId, eventJson };
}
