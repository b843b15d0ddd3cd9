import { showProgress } from "../terminal.ts";
import { renderBytes } from "./render-facts.ts";

/** How often the line is drawn at most. */
const drawEveryMs = 100;
/** The rate is that of this much time before now, so that it follows what happens. */
const rateWindowMs = 5_000;

/** What is known of how far a run is. */
export interface ProgressState {
  readonly doneBytes: number;
  /** Undefined while nobody knows. */
  readonly totalBytes: number | undefined;
  readonly bytesPerSecond: number;
  /** What is worked on, such as `12 of 400 files`. */
  readonly label: string;
}

/** A line that says how far a run is: on a terminal's stderr, and nowhere else. */
export class Progress {
  readonly #nowMs: () => number;
  readonly #samples: { readonly atMs: number; readonly bytes: number }[];
  readonly #draw: (line: string) => void;
  #doneBytes = 0;
  #drawnAtMs = Number.NEGATIVE_INFINITY;
  totalBytes: number | undefined;
  label: string;

  /** @param nowMs a clock that never goes back */
  constructor(nowMs: () => number, label: string, totalBytes?: number, draw = showProgress) {
    this.#nowMs = nowMs;
    this.#samples = [{ atMs: nowMs(), bytes: 0 }];
    this.#draw = draw;
    this.label = label;
    this.totalBytes = totalBytes;
  }

  /** @param bytes that were worked through since the last call; negative when they have to be done again */
  add(bytes: number): void {
    this.#doneBytes += bytes;
    const atMs = this.#nowMs();
    if (atMs - this.#drawnAtMs < drawEveryMs) return;
    this.#drawnAtMs = atMs;
    this.#samples.push({ atMs, bytes: this.#doneBytes });
    while (this.#samples.length > 2 && atMs - this.#samples[1]!.atMs >= rateWindowMs) this.#samples.shift();
    const first = this.#samples[0]!;
    const bytesPerSecond = atMs === first.atMs ? 0 : ((this.#doneBytes - first.bytes) / (atMs - first.atMs)) * 1000;
    const { label, totalBytes } = this;
    this.#draw(renderProgress({ doneBytes: this.#doneBytes, totalBytes, bytesPerSecond, label }));
  }

  /** Takes the line away. */
  end(): void {
    this.#draw("");
  }
}

const barCells = 20;

/** Such as `report.pdf  [#####---------------]  26%  270.0 MiB of 1.0 GiB  1.2 GiB/s  1 s left`. */
export function renderProgress({ doneBytes, totalBytes, bytesPerSecond, label }: ProgressState): string {
  const rate = bytesPerSecond > 0 ? `  ${renderBytes(Math.round(bytesPerSecond))}/s` : "";
  if (totalBytes === undefined || totalBytes <= 0) return `${label}  ${renderBytes(doneBytes)}${rate}`;
  const part = Math.min(1, doneBytes / totalBytes);
  const filled = Math.floor(part * barCells);
  const bar = `[${"#".repeat(filled)}${"-".repeat(barCells - filled)}]`;
  const percent = `${Math.floor(part * 100)}%`.padStart(4);
  const left = bytesPerSecond > 0 ? `  ${renderTime((totalBytes - doneBytes) / bytesPerSecond)} left` : "";
  return `${label}  ${bar} ${percent}  ${renderBytes(doneBytes)} of ${renderBytes(totalBytes)}${rate}${left}`;
}

function renderTime(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
