/** Where wrapped answers wait, by the digest of their tokens. */
export const wrappedAnswerArea = "sys/wrapping";

/** An answer that is kept for whoever unwraps it. */
export interface WrappedAnswer {
  /** The answer as its wire wrote it down. */
  readonly answer: string;
  /** Seconds. */
  readonly creationTtl: number;
  readonly createdAtMs: number;
  /** The path of the request that it answers. */
  readonly creationPath: string;
}
