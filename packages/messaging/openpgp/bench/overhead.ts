import { Party } from "@coffer/messaging/testing";
import {
  createMessage,
  decrypt,
  encrypt,
  generateKey,
  type PartialConfig,
  type PrivateKey,
  type PublicKey,
  readMessage,
} from "openpgp";
import { type OpenPgpFormat, openpgp } from "../src/index.ts";
import { strictConfigs } from "../src/strict-config.ts";

/*
 * Messages back and forth, by this package within transactions of a memory vault, beside openpgp.js alone with keys that are
 * parsed once. Both sign, encrypt, decrypt and verify. Rounds alternate; the ratio is of the medians.
 */
const rounds = 11;
const messagesARound = 40;
const octets = new Uint8Array(160).fill(7);

async function adapted(format: OpenPgpFormat): Promise<() => Promise<void>> {
  const [alice, bob] = [await Party.open(openpgp({ format }), "alice"), await Party.open(openpgp({ format }), "bob")];
  await alice.start(bob);
  const send = async (from: Party, to: Party) => {
    const [sent] = await from.encrypt("x".repeat(octets.length), to);
    const received = await to.receive(sent!);
    if (received.kind !== "message") throw new Error("the message did not open");
  };
  return async () => {
    await send(alice, bob);
    await send(bob, alice);
  };
}

async function bare(format: OpenPgpFormat): Promise<() => Promise<void>> {
  const config: PartialConfig = strictConfigs.get(format) ?? {};
  const type = format === "v6" ? { type: "curve25519" as const } : { curve: "curve25519Legacy" as const };
  const make = () => generateKey({ ...type, userIDs: [{ name: "x" }], format: "object", config });
  const [alice, bob] = [await make(), await make()];
  const send = async (from: PrivateKey, to: PublicKey, own: PrivateKey) => {
    const message = await createMessage({ binary: octets });
    const sealed = await encrypt({ message, signingKeys: from, encryptionKeys: to, format: "binary", config });
    const { data, signatures } = await decrypt({
      message: await readMessage({ binaryMessage: sealed as Uint8Array, config }),
      decryptionKeys: own,
      verificationKeys: from.toPublic(),
      format: "binary",
      config,
    });
    await signatures[0]?.verified;
    if ((data as Uint8Array).length !== octets.length) throw new Error("the message did not open");
  };
  return async () => {
    await send(alice.privateKey, bob.publicKey, bob.privateKey);
    await send(bob.privateKey, alice.publicKey, alice.privateKey);
  };
}

async function measure(run: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  for (let n = 0; n < messagesARound; n += 2) await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / messagesARound / 1000;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

for (const format of ["v4", "v6"] as const) {
  const [withAdapter, without] = [await adapted(format), await bare(format)];
  const times = { adapter: [] as number[], library: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.library.push(await measure(without));
    times.adapter.push(await measure(withAdapter));
  }
  const [adapter, library] = [median(times.adapter), median(times.library)];
  console.log(
    `${format}, openpgp.js alone:  ${library.toFixed(2)} ms of CPU a message, signed, encrypted, opened and checked`,
  );
  console.log(
    `${format}, with the adapter: ${adapter.toFixed(2)} ms, ${((adapter / library - 1) * 100).toFixed(1)}% more`,
  );
}
