import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { join } from "node:path";
import type { ReferenceCase } from "./reference-operations.ts";

export interface ReferenceRequest {
  readonly reference: ReferenceCase;
  readonly calls: number;
}

/** Times OpenSSL's bare operations in a process of their own. */
export class Reference {
  readonly #process: ChildProcess = fork(join(import.meta.dirname, "reference-process.ts"));

  /** CPU time of one call in microseconds. */
  cpuMicroseconds(reference: ReferenceCase, calls: number): Promise<number> {
    const request: ReferenceRequest = { reference, calls };
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error("the reference process ended"));
      this.#process.once("exit", fail);
      this.#process.once("message", (microseconds: number) => {
        this.#process.off("exit", fail);
        resolve(microseconds);
      });
      this.#process.send(request);
    });
  }

  stop(): void {
    this.#process.disconnect();
  }
}

/** Why `openssl speed` stands beside the figures or does not: only the same release of OpenSSL compares. */
export function describeOpensslCommand(): string {
  try {
    const version = execFileSync("openssl", ["version"], { encoding: "utf8" }).split(" ")[1] ?? "unknown";
    const family = (text: string) => text.split(".").slice(0, 2).join(".");
    const node = process.versions.openssl;
    if (family(version) !== family(node)) {
      return `openssl speed left out: the command is OpenSSL ${version}, Node has ${node}, and they differ by up to 7x.`;
    }
    return `The openssl command is ${version}, as Node's: \`openssl speed\` compares.`;
  } catch {
    return "openssl speed left out: there is no openssl command.";
  }
}
