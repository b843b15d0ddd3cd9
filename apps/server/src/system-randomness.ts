import { randomBytesPooled, randomId } from "@coffer/crypto";
import type { Randomness } from "@coffer/service";

/** The operating system's randomness, by OpenSSL's generator. */
export const systemRandomness: Randomness = { bytes: randomBytesPooled, id: randomId };
