// The library's interface as far as it is used here: the package `otr` has no types. Source: its readme and its code.
declare module "otr" {
  /** A DSA key. */
  interface DsaKey {
    /** Hexadecimal SHA-1 of the public key (OTR protocol version 3, "Fingerprints"). */
    fingerprint(): string;
    /** The public key as octets, one a character. */
    packPublic(): string;
    /** Base64 of the public and the private key. */
    packPrivate(): string;
  }

  /** A number of the library's. */
  type LibraryNumber = readonly number[];

  /** Keys of one generation of both sides. */
  interface SessionKeys {
    rcv_counter: number;
  }

  /** A conversation's side. */
  interface Conversation {
    REQUIRE_ENCRYPTION: boolean;
    ALLOW_V2: boolean;
    /** 0: plaintext, 1: encrypted, 2: finished. */
    readonly msgstate: number;
    /** 0: no handshake is under way. */
    readonly authstate: number;
    readonly ake: { initiateAKE(version: string): void; readonly r: LibraryNumber };
    readonly sessKeys: readonly (readonly (SessionKeys | null | undefined)[])[];
    readonly their_priv_pk: DsaKey | null;
    /** What is to be sent passes here. */
    io: (messages: string | readonly string[]) => void;
    on(event: string, listener: (...values: unknown[]) => void): void;
    sendMsg(text: string): void;
    receiveMsg(text: string): void;
    smpSecret(secret: string, question?: string): void;
  }

  const library: {
    readonly DSA: {
      new (key?: undefined, options?: { readonly nocache?: boolean }): DsaKey;
      parsePrivate(packed: string): DsaKey;
      parsePublic(octets: string): DsaKey;
    };
    readonly OTR: new (options: { readonly priv: DsaKey }) => Conversation;
  };

  export type { Conversation, DsaKey };
  export default library;
}

declare module "otr/vendor/bigint.js" {
  const numbers: { bigInt2str(value: readonly number[], base: number): string };
  export default numbers;
}
