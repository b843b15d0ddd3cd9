import { deliverAll, Party } from "@coffer/messaging/testing";
import library, { type Conversation } from "otr";
import { quickOtr } from "../test/quick-otr.ts";

/*
 * Messages in one direction, by this package within transactions of a memory vault, beside the library alone. In one
 * direction no new Diffie-Hellman keys are agreed on, which would hide all else. Rounds alternate; the ratio is of the medians.
 */
const rounds = 15;
const messagesARound = 100;
const text = "x".repeat(160);

async function adapted(): Promise<() => Promise<void>> {
  const [alice, bob] = [await Party.open(quickOtr(), "alice"), await Party.open(quickOtr(), "bob")];
  await deliverAll(await alice.start(bob), [alice, bob]);
  const octets = new TextEncoder().encode(text);
  return async () => {
    const [message] = await alice.transact((state) => alice.device.encrypt(state, [bob.address], octets, "m"));
    const received = { ...message!, messageId: "m" };
    await bob.transact((state) => bob.device.receive(state, alice.address, received, alice.device.identityKey));
  };
}

function bare(): () => Promise<void> {
  const sent: { readonly to: Conversation; readonly message: string }[] = [];
  const [alice, bob] = [new library.OTR({ priv: new library.DSA() }), new library.OTR({ priv: new library.DSA() })];
  let shown = 0;
  for (const [side, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    side.REQUIRE_ENCRYPTION = true;
    side.io = (messages) => sent.push(...[messages].flat().map((message) => ({ to: other, message })));
    side.on("ui", () => shown++);
  }
  const carry = () => {
    for (let next = sent.shift(); next !== undefined; next = sent.shift()) next.to.receiveMsg(next.message);
  };
  alice.ake.initiateAKE("\0\u0003");
  carry();
  return async () => {
    const before = shown;
    alice.sendMsg(text);
    carry();
    if (shown !== before + 1) throw new Error("it did not open");
  };
}

async function measure(run: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  for (let n = 0; n < messagesARound; n++) await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / messagesARound;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const [withAdapter, without] = [await adapted(), bare()];
const times = { adapter: [] as number[], library: [] as number[] };
for (let round = 0; round < rounds; round++) {
  times.library.push(await measure(without));
  times.adapter.push(await measure(withAdapter));
}
const [adapter, alone] = [median(times.adapter), median(times.library)];
console.log(`otr alone:        ${alone.toFixed(0)} us of CPU a message, encrypted and decrypted`);
console.log(`with the adapter: ${adapter.toFixed(0)} us, ${((adapter / alone - 1) * 100).toFixed(1)}% more`);
