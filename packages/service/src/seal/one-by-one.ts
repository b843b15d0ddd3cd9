/** Runs changes one after the other, in the order in which they come. */
export class OneByOne {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs a change when those before it have ended, however they did. */
  run<T>(change: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(change);
    this.#last = mine.catch(() => {});
    return mine;
  }
}
