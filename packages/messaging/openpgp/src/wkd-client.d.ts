declare module "@openpgp/wkd-client" {
  /** What is used of an answer. */
  interface WkdAnswer {
    readonly status: number;
    readonly statusText: string;
    arrayBuffer(): Promise<Uint8Array>;
  }

  /** A client of Web Key Directories. The library has no types. */
  export default class WKD {
    /** What it asks with; the platform's `fetch` unless replaced. */
    _fetch: (url: string) => Promise<WkdAnswer>;
    lookup(options: { readonly email: string }): Promise<Uint8Array>;
  }
}
