import {
  type AnonymousCaller,
  anonymousCaller,
  type Clock,
  type Core,
  type ErrorDetail,
  limits,
  sealEvent,
  type WireRequest,
} from "@coffer/service";

const userAgentChars = 256;

/** What records are made with, and who is told. */
export interface SealEventParts {
  readonly settings: { readonly account: string; readonly region: string };
  readonly clock: Clock;
  readonly tellOperator: (line: string) => void;
}

/** What is recorded of one request about the seal. */
export interface SealNote {
  readonly eventName: string;
  readonly request: WireRequest;
  /** For the operator: what was done. */
  readonly told: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly response?: Readonly<Record<string, unknown>>;
  readonly error?: ErrorDetail;
}

/**
 * Records what is asked of the seal. The audit trail is closed without the root key, because its checkpoints are signed:
 * meanwhile the operator is told at once, and the records wait in memory until the trail is open.
 */
export class SealEvents {
  readonly #parts: SealEventParts;
  #waiting: string[] = [];
  #dropped = 0;

  constructor(parts: SealEventParts) {
    this.#parts = parts;
  }

  /** The record of a request, and its id. */
  describe(note: SealNote): { readonly eventId: string; readonly eventJson: string } {
    const { settings, clock } = this.#parts;
    const { eventName, request, parameters = null, response, error } = note;
    return sealEvent({
      caller: callerOf(request, settings.region),
      account: settings.account,
      eventName,
      nowMs: clock.nowMs(),
      parameters,
      ...(response === undefined ? {} : { response }),
      error,
    });
  }

  /**
   * Records a request.
   *
   * @param core undefined while sealed
   * @throws ServiceError AuditUnavailable
   */
  async record(core: Core | undefined, note: SealNote): Promise<void> {
    const { eventJson } = this.describe(note);
    if (core !== undefined) {
      await core.audit.append(eventJson);
      return;
    }
    this.tell(note);
    if (this.#waiting.length < limits.waitingSealEvents.value) this.#waiting.push(eventJson);
    else this.#dropped += 1;
  }

  /** Tells the operator. The address is all that is known of who asks. */
  tell({ eventName, request, told }: Pick<SealNote, "eventName" | "request" | "told">): void {
    this.#parts.tellOperator(`seal: ${eventName} from ${request.peerAddress}: ${told}`);
  }

  /**
   * Writes what waits, now that the trail is open.
   *
   * @throws ServiceError AuditUnavailable
   */
  async write(core: Core): Promise<void> {
    for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
      await core.audit.append(event);
      this.#waiting.shift();
    }
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#parts.tellOperator(`seal: ${dropped} records of requests were too many to keep for the audit trail.`);
    }
  }
}

function callerOf(request: WireRequest, homeRegion: string): AnonymousCaller {
  return anonymousCaller({ homeRegion }, request, { wire: "vault", userAgentChars, path: request.path });
}
