import type { RelayAnswer } from "./relay.ts";

/** Why the relay refuses, for programs. */
export type ProblemCode = keyof typeof rows;

// RFC 9110 and RFC 6585 for the statuses; 409 and 410 for device sets are Signal's.
const rows = {
  InvalidRequest: { status: 400, title: "The request cannot be read" },
  DeviceListRefused: { status: 400, title: "The device list is refused" },
  BundleRefused: { status: 400, title: "The keys are refused" },
  Unauthenticated: { status: 401, title: "Who calls is not known" },
  NotAllowed: { status: 403, title: "The caller may not do this" },
  AccountKeyChanged: { status: 403, title: "The account has another key" },
  NotFound: { status: 404, title: "There is no such thing" },
  MethodNotAllowed: { status: 405, title: "That is not done here" },
  VersionConflict: { status: 409, title: "The device list is not the next one" },
  DeviceSetMismatch: { status: 409, title: "The user has other devices" },
  EpochTaken: { status: 409, title: "The epoch has its commit already" },
  StaleVault: { status: 409, title: "The device's state was set back" },
  KeysDiffer: { status: 409, title: "The keys here are others" },
  AlreadyExists: { status: 409, title: "It is there already" },
  StaleDevices: { status: 410, title: "A device was set up anew" },
  TooLarge: { status: 413, title: "It is too large" },
  Throttled: { status: 429, title: "Too many requests" },
  Internal: { status: 500, title: "The relay has a fault" },
  Unavailable: { status: 503, title: "The relay cannot do this now" },
  MailboxFull: { status: 507, title: "The recipient's mailbox is full" },
} as const satisfies Record<string, { status: number; title: string }>;

/** A refusal: thrown by operations, and answered as a problem (RFC 9457). */
export class RelayRefusal extends Error {
  override readonly name = "RelayRefusal";
  readonly code: ProblemCode;
  /** What programs read besides. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    members: Readonly<Record<string, unknown>> = {},
    retryAfterSeconds?: number,
  ) {
    super(detail);
    this.code = code;
    this.members = members;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The answer to a refusal. */
export function problemAnswer(refusal: RelayRefusal, requestId: string): RelayAnswer {
  const { code, members, retryAfterSeconds } = refusal;
  const { status, title } = rows[code];
  const document = { ...members, type: "about:blank", title, status, code, detail: refusal.message, requestId };
  return {
    status,
    headers: {
      "cache-control": "no-store",
      "content-type": "application/problem+json",
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    },
    body: Buffer.from(JSON.stringify(document)),
  };
}
