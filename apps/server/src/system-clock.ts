import type { Clock } from "@coffer/service";

/** The longest delay that a Node timer takes: 2^31 - 1 ms; a longer one would fire at once. */
const longestTimerMs = 2_147_483_647;

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  schedule(delayMs, wake) {
    let timer: NodeJS.Timeout;
    const arm = (remainingMs: number): void => {
      const stepMs = Math.min(remainingMs, longestTimerMs);
      timer = setTimeout(() => (remainingMs > stepMs ? arm(remainingMs - stepMs) : wake()), stepMs);
      timer.unref();
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
