import type { IncomingMessage } from "node:http";

/**
 * A request's headers as a map with lower-case names, a header sent several times joined with `,`. It copies nothing
 * as long as no header was sent twice, which is nearly always: then Node's own object, made anyway, is read.
 */
export class HeaderView implements ReadonlyMap<string, string> {
  readonly #message: IncomingMessage;
  readonly #distinct: boolean;
  #joined: ReadonlyMap<string, string> | undefined;

  constructor(message: IncomingMessage) {
    this.#message = message;
    // Node joins repeated headers in its own way or drops them; then there are fewer names than lines.
    this.#distinct = Object.keys(message.headers).length * 2 === message.rawHeaders.length;
  }

  get(name: string): string | undefined {
    if (!this.#distinct) return this.#join().get(name);
    const value = this.#message.headers[name];
    if (typeof value === "string") return value;
    // Not a header: a member of Object.prototype such as `constructor`. Or set-cookie, which Node keeps as a list.
    return Array.isArray(value) ? value[0] : undefined;
  }

  /** The first value of a header that was sent several times. */
  first(name: string): string | undefined {
    if (this.#distinct) return this.get(name);
    const raw = this.#message.rawHeaders;
    for (let index = 0; index < raw.length; index += 2) {
      if (raw[index]!.toLowerCase() === name) return raw[index + 1];
    }
    return undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get size(): number {
    return this.#join().size;
  }

  forEach(visit: (value: string, name: string, map: ReadonlyMap<string, string>) => void): void {
    for (const [name, value] of this.#join()) visit(value, name, this);
  }

  entries(): MapIterator<[string, string]> {
    return this.#join().entries();
  }

  keys(): MapIterator<string> {
    // Every signed request asks for its names.
    if (this.#distinct) return Object.keys(this.#message.headers).values();
    return this.#join().keys();
  }

  values(): MapIterator<string> {
    return this.#join().values();
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.#join().entries();
  }

  #join(): ReadonlyMap<string, string> {
    this.#joined ??= joinHeaders(this.#message.rawHeaders);
    return this.#joined;
  }
}

function joinHeaders(raw: readonly string[]): ReadonlyMap<string, string> {
  const joined = new Map<string, string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase();
    const value = raw[index + 1]!;
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  return joined;
}
