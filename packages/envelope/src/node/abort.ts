/** Waits for a promise, and no longer than until a signal. @throws the signal's reason */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const settled = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    promise.finally(settled).then(resolve, reject);
  });
}

/** Chunks until a signal, also while none comes. @throws the signal's reason */
export async function* abortable(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await untilAborted(Promise.resolve(iterator.next()), signal);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // A generator returns when its chunk came, which may be never.
    const returned = Promise.resolve(iterator.return?.()).catch(() => undefined);
    if (!signal?.aborted) await returned;
  }
}
