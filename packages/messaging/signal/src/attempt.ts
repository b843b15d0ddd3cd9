import { runBuffered, type StateTransaction } from "@coffer/messaging";

/** What came of an attempt: a result, or why there is none. */
export type Attempt<T> = { readonly ok: true; readonly result: T } | { readonly ok: false; readonly cause: unknown };

/**
 * Runs something that may be refused, such as opening a message. What it wrote comes into `state` when it ends well and
 * not at all otherwise. A failure of the state itself is no refusal: it is thrown.
 */
export async function attempt<T>(
  state: StateTransaction,
  run: (draft: StateTransaction) => Promise<T>,
): Promise<Attempt<T>> {
  const failures: unknown[] = [];
  const noting = async <R>(read: Promise<R>): Promise<R> => {
    try {
      return await read;
    } catch (cause) {
      failures.push(cause);
      throw cause;
    }
  };
  try {
    const kept = {
      get: (key: string) => noting(state.get(key)),
      list: (prefix: string) => noting(state.list(prefix)),
    };
    const { result, changes } = await runBuffered(kept, run);
    for (const [key, value] of changes) {
      if (value === undefined) state.delete(key);
      else state.put(key, value);
    }
    return { ok: true, result };
  } catch (cause) {
    if (failures.length > 0) throw failures[0];
    return { ok: false, cause };
  }
}
