import { limits } from "../limits.ts";

/** Failures of one user in a row. */
export interface FailedLogins {
  readonly count: number;
  readonly lastAtMs: number;
}

/**
 * Counts logins that failed, in memory, as the original does: a restart forgets counts, but no lock. Users that are there
 * and names that are not are counted apart, so that whoever tries many names makes no failure of a user forgotten.
 */
export class FailedLoginCounts {
  readonly #known = new Map<string, FailedLogins>();
  readonly #unknown = new Map<string, FailedLogins>();

  of(user: string): FailedLogins | undefined {
    return this.#known.get(user) ?? this.#unknown.get(user);
  }

  /** @param resetMs after so long without a failure, counting starts again */
  note(user: string, isKnown: boolean, resetMs: number, nowMs: number): FailedLogins {
    const before = this.of(user);
    const count = before !== undefined && nowMs - before.lastAtMs <= resetMs ? before.count + 1 : 1;
    this.forget(user);
    const failures = { count, lastAtMs: nowMs };
    const counts = isKnown ? this.#known : this.#unknown;
    counts.set(user, failures);
    const max = isKnown ? limits.countedUsers.value : limits.countedUnknownUsers.value;
    if (counts.size > max) for (const [oldest] of counts) return this.#drop(counts, oldest, failures);
    return failures;
  }

  forget(user: string): void {
    this.#known.delete(user);
    this.#unknown.delete(user);
  }

  #drop(counts: Map<string, FailedLogins>, oldest: string, failures: FailedLogins): FailedLogins {
    counts.delete(oldest);
    return failures;
  }
}
