/** One thing that the relay got to see. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** The body as text, long base64 shortened: for people to look at. */
  readonly body: string;
}

const maxEntries = 200;
const shownCharacters = 48;

/** The last requests that went to the relay, as anybody at the relay could read them. */
export class RelayView {
  readonly entries: SeenRequest[] = [];
  /** All bodies in full, in which a test looks for what must not be there. */
  readonly bodies: string[] = [];

  add(method: string, path: string, body: Uint8Array): void {
    const text = new TextDecoder().decode(body);
    this.bodies.push(`${path} ${text}`);
    const shown = text.replace(/[A-Za-z0-9+/_-]{64,}={0,2}/g, (long) => `${long.slice(0, shownCharacters)}…`);
    this.entries.push({ method, path, body: shown });
    if (this.entries.length > maxEntries) this.entries.shift();
  }
}
