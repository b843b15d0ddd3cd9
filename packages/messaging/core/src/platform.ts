// What the library takes of the machine it runs on: the same in Node and in browsers. Nothing else here touches them.

/** Random bytes of the platform's generator (Web Cryptography API, `getRandomValues`). */
export function randomBytes(bytes: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(bytes));
}

/** Milliseconds since 1970. */
export function nowMs(): number {
  return Date.now();
}

/** Runs a task once, later. @returns what calls it off */
export function runAfter(milliseconds: number, task: () => void): () => void {
  const timer = setTimeout(task, milliseconds);
  return () => clearTimeout(timer);
}
