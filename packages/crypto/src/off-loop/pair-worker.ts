import { generateKeyPairSync } from "node:crypto";
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { type PairReply, type PairRequest, publicExponent } from "./pair-messages.ts";

/** Half way to the lowest: about a tenth of a core where others want all of it, and all of it where they do not. */
const niceness = 10;

try {
  // Elsewhere it would be the whole process that steps back.
  if (process.platform === "linux") setPriority(0, niceness);
} catch {
  // Not everywhere allowed, and nothing but speed depends on it.
}

parentPort?.on("message", ({ modulusBits }: PairRequest) => {
  const privateKey = generate(modulusBits);
  const reply: PairReply = { privateKey };
  parentPort?.postMessage(reply, privateKey === undefined ? [] : [privateKey.buffer]);
});

function generate(modulusBits: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    const { privateKey: der } = generateKeyPairSync("rsa", {
      modulusLength: modulusBits,
      publicExponent,
      privateKeyEncoding: { format: "der", type: "pkcs8" },
      publicKeyEncoding: { format: "der", type: "spki" },
    });
    const owned = new Uint8Array(der);
    der.fill(0);
    return owned;
  } catch {
    return undefined;
  }
}
