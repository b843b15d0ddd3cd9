import library, { type DsaKey, type Conversation as LibraryConversation } from "otr";
import numbers from "otr/vendor/bigint.js";
import { identityKeyOf } from "./own-key.ts";

const version3 = "\0\u0003";
const encrypted = 1;

/** Where the comparison of a secret stands (OTR protocol version 3, "Socialist Millionaires' Protocol"). */
export interface Comparison {
  readonly state: "none" | "waiting" | "asked" | "same" | "different" | "aborted";
  /** What the peer asked, when it asked with a question. It is not secret and not to be trusted. */
  readonly question?: string | undefined;
}

/** What came of a message. */
export interface Outcome {
  /** Whether the library had nothing to complain of. */
  readonly isGood: boolean;
  /** What was encrypted, when it was not empty. */
  readonly text: string | undefined;
  readonly replies: readonly string[];
}

/** One side of one conversation: version 3 alone, and nothing unencrypted. */
export class Conversation {
  /** The other side's instance tag, once it is known. */
  peerTag: number | undefined;
  comparison: Comparison = { state: "none" };
  readonly #otr: LibraryConversation;
  #sent: string[] = [];
  #shown: string[] = [];
  #failed = false;

  constructor(key: DsaKey) {
    this.#otr = new library.OTR({ priv: key });
    this.#otr.ALLOW_V2 = false;
    this.#otr.REQUIRE_ENCRYPTION = true;
    // The library sends by timers; what it has to say is taken at once.
    this.#otr.io = (messages) => this.#sent.push(...[messages].flat());
    this.#otr.on("error", () => {
      this.#failed = true;
    });
    this.#otr.on("ui", (text, isEncrypted) => {
      if (isEncrypted === true && typeof text === "string") this.#shown.push(text);
    });
    this.#otr.on("smp", (event, value) => {
      this.comparison = comparisonAfter(event, value, this.comparison);
    });
  }

  /** Whether messages can be encrypted. */
  get isOpen(): boolean {
    return this.#otr.msgstate === encrypted;
  }

  get isInHandshake(): boolean {
    return this.#otr.authstate !== 0;
  }

  /** Base64; of who is at the other side, once it was proven. */
  get peerIdentityKey(): string | undefined {
    return this.#otr.their_priv_pk === null ? undefined : identityKeyOf(this.#otr.their_priv_pk);
  }

  /** Begins a handshake. @returns the D-H commit message */
  begin(): string[] {
    // The library forgets leading zeros of the key that it commits by, and the other side then finds another key.
    do {
      this.#sent = [];
      this.#otr.ake.initiateAKE(version3);
    } while (!/^[1-9A-Fa-f][0-9A-Fa-f]{31}$/.test(numbers.bigInt2str(this.#otr.ake.r, 16)));
    return this.#takeSent();
  }

  receive(text: string): Outcome {
    [this.#sent, this.#shown, this.#failed] = [[], [], false];
    // The library counts a message before it knows whether it is genuine: forged ones would shut the others out.
    const keys = this.#otr.sessKeys.flatMap((row) => row.flatMap((key) => key ?? []));
    const counters = keys.map((key) => key.rcv_counter);
    try {
      this.#otr.receiveMsg(text);
    } catch {
      this.#failed = true;
    }
    if (this.#failed) for (const [at, key] of keys.entries()) key.rcv_counter = counters[at]!;
    // What it says of an error is for people, unencrypted, and tells who asks what did not fit.
    const replies = this.#takeSent().filter((reply) => reply.startsWith("?OTR:"));
    return { isGood: !this.#failed, text: this.#failed ? undefined : this.#shown[0], replies };
  }

  /** @returns undefined when the conversation is not open */
  encrypt(text: string): string | undefined {
    if (!this.isOpen) return undefined;
    this.#sent = [];
    this.#otr.sendMsg(text);
    return this.#takeSent()[0];
  }

  /** Asks whether the peer knows the same secret, or answers when it asked. @returns what is to be sent */
  compare(secret: string, question: string | undefined): string[] {
    this.#sent = [];
    this.comparison = { state: "waiting" };
    this.#otr.smpSecret(secret, question);
    return this.#takeSent();
  }

  #takeSent(): string[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }
}

function comparisonAfter(event: unknown, value: unknown, before: Comparison): Comparison {
  if (event === "question") return { state: "asked", question: typeof value === "string" ? value : undefined };
  if (event === "trust") return { state: value === true ? "same" : "different" };
  if (event === "abort") return { state: "aborted" };
  return before;
}
