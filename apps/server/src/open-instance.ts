import { type Clock, invariant, type WireAnswer, type WireHandler, type WireRequest } from "@coffer/service";
import type { Instance } from "./instance.ts";

/** An instance that serves requests, and knows which are under way. */
export class OpenInstance {
  #instance: Instance | undefined;
  #handler: WireHandler | undefined;
  #underWay = 0;
  #idle: (() => void) | undefined;
  #sealing: { readonly requestId: string; readonly done: Promise<void> } | undefined;

  constructor(instance: Instance, handler: WireHandler) {
    this.#instance = instance;
    this.#handler = handler;
  }

  /** Until it was let go of. */
  get instance(): Instance {
    invariant(this.#instance !== undefined, "an instance is not used once it was let go of");
    return this.#instance;
  }

  /** Answers a request. The one that seals the instance is answered once that is done. */
  async serve(request: WireRequest): Promise<WireAnswer> {
    invariant(this.#handler !== undefined, "an instance serves nobody once it was let go of");
    this.#underWay += 1;
    let answer: WireAnswer;
    try {
      // Not by a variable: whoever waits below would keep the wires, and with them every key, in memory.
      answer = await this.#handler(request);
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#idle?.();
    }
    if (this.#sealing?.requestId === request.requestId) await this.#sealing.done;
    return answer;
  }

  /** Notes which request sealed the instance. */
  sealAfter(requestId: string, done: Promise<void>): void {
    this.#sealing = { requestId, done };
  }

  /**
   * Waits until the requests under way are answered. What takes longer than `patienceMs` loses its keys, so that it fails
   * soon, and is waited for nevertheless.
   */
  async drain(clock: Clock, patienceMs: number): Promise<void> {
    if (this.#underWay === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    const cancel = clock.schedule(patienceMs, () => this.instance.core.keyring.close());
    await promise;
    cancel();
  }

  /** Lets go of core and wires. */
  letGo(): void {
    this.#handler = undefined;
    this.#instance = undefined;
  }
}
