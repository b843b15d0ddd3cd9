import { MessagingError } from "../errors.ts";

/** A refusal of the relay's, with what it says besides. All of it is untrusted. */
export class RelayProblem extends MessagingError {
  /** The relay's own code, such as `DeviceSetMismatch`. */
  readonly problem: string;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(status: number, problem: string, members: Readonly<Record<string, unknown>>) {
    super("RelayRefused", `The relay refused: ${problem} (${status}).${advice.get(problem) ?? ""}`, { status });
    this.problem = problem;
    this.members = members;
  }
}

const advice: ReadonlyMap<string, string> = new Map([
  ["MailboxFull", " The recipient's mailbox is full: what was to be sent waits in the outbox; flush tries again."],
  ["Throttled", " Too many requests: what was to be sent waits in the outbox; flush tries again."],
]);

/** The error of an answer that is no success. */
export function problemOf(status: number, body: unknown): MessagingError {
  const members = (typeof body === "object" && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  const { code } = members;
  const problem = typeof code === "string" && /^[A-Za-z]{1,64}$/.test(code) ? code : "Unknown";
  if (problem === "StaleVault") {
    return new MessagingError(
      "VaultRolledBack",
      "The relay has seen a newer state of this device: the vault was set back. Nothing was sent. Set the device up anew, with an empty vault.",
      { status },
    );
  }
  if (status >= 500 && problem !== "MailboxFull") {
    return new MessagingError(
      "RelayUnavailable",
      `The relay fails (${status}). What was to be sent waits in the outbox; flush sends it.`,
      { status },
    );
  }
  return new RelayProblem(status, problem, members);
}
