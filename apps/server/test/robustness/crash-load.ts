import assert from "node:assert/strict";
import { type Fact, planFact } from "./crash-facts.ts";
import { agree, type KeyModel, type PlannedChange, planChange, planCreation, readKey } from "./crash-keys.ts";
import { decryptMessage, type Message, planEncryption } from "./crash-messages.ts";
import type { HttpRequest, Reply } from "./http-client.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { requestIdOf, type WireName, type Wires } from "./wires.ts";

/** What an answered request's audit record must say. */
export interface AnsweredRequest {
  readonly userAgent: string;
  readonly requestId: string | undefined;
}

/** Sends the requests of one round, each with a name of its own, and keeps what was answered. */
export class CrashLoad {
  readonly answered: AnsweredRequest[] = [];
  /** Set once the server is being killed: from then on connections may break. */
  cut = false;
  readonly #round: number;
  readonly #onEvent: (event: "sent" | "answer") => void;
  #requests = 0;

  constructor(round: number, onEvent: (event: "sent" | "answer") => void) {
    this.#round = round;
    this.#onEvent = onEvent;
  }

  /** Gives the next request of `wires` its name. */
  name(wires: Wires): void {
    this.#requests += 1;
    wires.userAgent = `crash-${this.#round}-${this.#requests}`;
  }

  /** @returns undefined when the connection broke because of the kill: nothing was answered */
  async exchange(wires: Wires, wire: WireName, request: HttpRequest): Promise<Reply | undefined> {
    const { userAgent } = wires;
    let reply: Reply;
    try {
      reply = await wires.client.send(request, () => this.#onEvent("sent"));
    } catch (error) {
      if (this.cut) return undefined;
      throw error;
    }
    this.answered.push({ userAgent, requestId: requestIdOf(wire, reply) });
    this.#onEvent("answer");
    return reply;
  }
}

/** How many keys one worker works on in a round: few, so that each goes through many changes. */
const keysInRound = 4;

/** Changes keys of its own, one request after the other, so that it knows what each must be like. */
export class KeyWorker {
  readonly messages: Message[] = [];
  readonly #name: string;
  readonly #random: SeededRandom;
  readonly #keys = new Map<string, KeyModel>();
  /** The change whose answer never came. */
  #unsure: { readonly reference: string | undefined; readonly presumed: KeyModel | undefined } | undefined;
  #touched = new Set<string>();
  #checkedMessages = 0;
  #made = 0;

  constructor(name: string, random: SeededRandom) {
    this.#name = name;
    this.#random = random;
  }

  get keys(): readonly KeyModel[] {
    return [...this.#keys.values()];
  }

  /** Works until the server is gone. */
  async run(load: CrashLoad, wires: Wires): Promise<void> {
    const references = [...this.#keys.keys()];
    const chosen = Array.from({ length: Math.min(keysInRound - 1, references.length) }, () =>
      this.#random.pick(references),
    );
    let alive = true;
    while (alive) {
      load.name(wires);
      if (chosen.length < keysInRound) alive = await this.#create(load, wires, chosen);
      else if (this.#random.integer(2) === 0) alive = await this.#change(load, wires, this.#random.pick(chosen));
      else alive = await this.#encrypt(load, wires, this.#random.pick(chosen));
    }
  }

  async #create(load: CrashLoad, wires: Wires, chosen: string[]): Promise<boolean> {
    this.#made += 1;
    const planned = planCreation(wires, `${this.#name}-${this.#made}`, this.#random);
    const made = await this.#exchangeChange(load, wires, planned, undefined);
    if (made !== undefined) chosen.push(made.reference);
    return made !== undefined;
  }

  async #change(load: CrashLoad, wires: Wires, reference: string): Promise<boolean> {
    const key = this.#keys.get(reference);
    assert.ok(key !== undefined);
    return (await this.#exchangeChange(load, wires, planChange(wires, key, this.#random), reference)) !== undefined;
  }

  async #exchangeChange(
    load: CrashLoad,
    wires: Wires,
    { wire, request, after, presumed }: PlannedChange,
    reference: string | undefined,
  ): Promise<KeyModel | undefined> {
    this.#unsure = { reference: reference ?? presumed?.reference, presumed };
    const reply = await load.exchange(wires, wire, request);
    if (reply === undefined) return undefined;
    this.#unsure = undefined;
    assert.ok(reply.ok, `${wire} ${request.path} ${request.body}: ${reply}`);
    const key = after(reply);
    this.#keys.set(key.reference, key);
    this.#touched.add(key.reference);
    return key;
  }

  async #encrypt(load: CrashLoad, wires: Wires, reference: string): Promise<boolean> {
    const key = this.#keys.get(reference);
    assert.ok(key !== undefined);
    if (key.state !== "enabled") return this.#change(load, wires, reference);
    const { wire, request, messages } = planEncryption(wires, key, this.#random);
    const reply = await load.exchange(wires, wire, request);
    if (reply === undefined) return false;
    assert.ok(reply.ok, `${wire} ${request.path} ${request.body}: ${reply}`);
    this.messages.push(...messages(reply));
    return true;
  }

  /** After a restart: every key of the round is as answered, and what was encrypted decrypts. */
  async check(wires: Wires): Promise<void> {
    const references = new Set(this.#touched);
    if (this.#unsure?.reference !== undefined) references.add(this.#unsure.reference);
    for (const reference of references) await this.#checkKey(wires, reference);
    this.#touched = new Set();
    this.#unsure = undefined;
    for (const message of this.messages.slice(this.#checkedMessages)) {
      if (this.#keys.get(message.reference)?.state === "enabled") await this.checkMessage(wires, message);
    }
    this.#checkedMessages = this.messages.length;
  }

  async checkMessage(wires: Wires, message: Message): Promise<void> {
    const plaintext = await decryptMessage(wires, message, this.#random.integer(2));
    assert.equal(plaintext, message.plaintext, `a ciphertext of ${message.reference} decrypts to what was encrypted`);
  }

  async #checkKey(wires: Wires, reference: string): Promise<void> {
    const answered = this.#keys.get(reference);
    const presumed = this.#unsure?.reference === reference ? this.#unsure.presumed : undefined;
    const actual = await readKey(wires, reference);
    if (actual === undefined) {
      assert.equal(answered, undefined, `key ${reference} was answered and is lost`);
      return;
    }
    for (const expected of [answered, presumed]) {
      const agreed = expected === undefined ? undefined : agree(actual, expected);
      if (agreed !== undefined) {
        this.#keys.set(reference, agreed);
        return;
      }
    }
    assert.fail(
      `key ${reference} is ${JSON.stringify(actual)}, answered was ${JSON.stringify({ answered, presumed })}`,
    );
  }
}

const mostFacts = 12;
/** Rewrapping everything takes long; it is only now and then under way when the server is killed. */
const keyringRotationOdds = 25;

/** Makes and unmakes tokens, users and mounts, and rotates the keyring. */
export class FactWorker {
  readonly #random: SeededRandom;
  #facts: Fact[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async run(load: CrashLoad, wires: Wires): Promise<void> {
    for (;;) {
      load.name(wires);
      const choice = this.#random.integer(keyringRotationOdds);
      let reply: Reply | undefined;
      if (choice === 0) reply = await load.exchange(wires, "rest", wires.restRequest("POST", "/admin/keyring/rotate"));
      else if (choice % 2 === 0 || this.#holding().length === 0) reply = await this.#make(load, wires);
      else reply = await this.#undo(load, wires);
      if (reply === undefined) return;
      assert.ok(reply.ok, String(reply));
    }
  }

  #holding(): readonly Fact[] {
    return this.#facts.filter(({ expected }) => expected === true);
  }

  async #make(load: CrashLoad, wires: Wires): Promise<Reply | undefined> {
    if (this.#holding().length >= mostFacts) return this.#undo(load, wires);
    const { wire, request, fact } = planFact(wires, this.#random);
    const reply = await load.exchange(wires, wire, request);
    const made = fact(reply);
    if (made !== undefined) this.#facts.push(reply === undefined ? { ...made, expected: "either" } : made);
    return reply;
  }

  async #undo(load: CrashLoad, wires: Wires): Promise<Reply | undefined> {
    const fact = this.#random.pick(this.#holding());
    const [wire, request] = fact.undo(wires);
    fact.expected = "either";
    const reply = await load.exchange(wires, wire, request);
    if (reply !== undefined) fact.expected = false;
    return reply;
  }

  /** After a restart: what was made is there, what was unmade is gone. */
  async check(wires: Wires): Promise<void> {
    for (const fact of this.#facts) {
      const holds = await fact.holds(wires);
      if (fact.expected !== "either") assert.equal(holds, fact.expected, `${fact.label} is as answered`);
      fact.expected = holds;
    }
    this.#facts = this.#facts.filter(({ expected }) => expected !== false);
  }
}
