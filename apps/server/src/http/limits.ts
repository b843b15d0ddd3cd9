/** One limit of the HTTP adapter. */
export interface LimitRow {
  /** What holds when nothing is configured, in the unit that the name ends with (a count when it names none). */
  readonly value: number;
  readonly unit: "bytes" | "ms" | "count";
  /** The smallest and largest value that can be configured. */
  readonly min: number;
  readonly max: number;
  /** What is limited, and what happens beyond it. */
  readonly doc: string;
}

const table = {
  maxBodyBytes: {
    value: 1_048_576,
    unit: "bytes",
    min: 1024,
    max: 67_108_864,
    doc: "Largest request body; beyond it 413.",
  },
  maxHeaderBytes: {
    value: 16_384,
    unit: "bytes",
    min: 2048,
    max: 65_536,
    doc: "Request line and headers together; beyond it 431.",
  },
  maxHeaders: { value: 100, unit: "count", min: 16, max: 1000, doc: "Header lines of a request; beyond it 431." },
  maxUrlBytes: { value: 8192, unit: "bytes", min: 256, max: 32_768, doc: "Path and query; beyond it 414." },
  headersTimeoutMs: {
    value: 10_000,
    unit: "ms",
    min: 50,
    max: 300_000,
    doc: "Time for the headers to arrive, and for a new connection to send its first byte; beyond it 408.",
  },
  requestTimeoutMs: {
    value: 30_000,
    unit: "ms",
    min: 50,
    max: 600_000,
    doc: "Time for a whole request, headers and body, to arrive; beyond it 408 and the connection is closed.",
  },
  keepAliveTimeoutMs: {
    value: 75_000,
    unit: "ms",
    min: 50,
    max: 3_600_000,
    doc: "How long a connection may wait for its next request; beyond it the connection is closed.",
  },
  idleTimeoutMs: {
    value: 120_000,
    unit: "ms",
    min: 50,
    max: 3_600_000,
    doc: "Time without a byte in either direction while a request is under way; beyond it the connection is closed.",
  },
  maxConnections: {
    value: 4096,
    unit: "count",
    min: 1,
    max: 1_000_000,
    doc: "Open connections of one listener; a further one gets 503 (over TLS it is closed).",
  },
  drainTimeoutMs: {
    value: 30_000,
    unit: "ms",
    min: 0,
    max: 3_600_000,
    doc: "How long requests under way may still take once the server was told to stop; then they are cut.",
  },
  lingerBytes: {
    value: 4_194_304,
    unit: "bytes",
    min: 0,
    max: 67_108_864,
    doc: "How much of a refused request is still read, so that its sender gets to see the answer.",
  },
  lingerTimeoutMs: {
    value: 2000,
    unit: "ms",
    min: 0,
    max: 60_000,
    doc: "How long a refused request is still read; then its connection is closed.",
  },
} as const satisfies Record<string, LimitRow>;

export type LimitName = keyof typeof table;

/** The limits that one server runs with. */
export type HttpLimits = Readonly<Record<LimitName, number>>;

/** Every limit of the HTTP adapter. Requests on one connection are not limited in number. */
export const limitRows: Readonly<Record<LimitName, LimitRow>> = table;

/** The limits when nothing is configured. */
export const defaultLimits: HttpLimits = Object.fromEntries(
  Object.entries(table).map(([name, row]) => [name, row.value]),
) as Record<LimitName, number>;
