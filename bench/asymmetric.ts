import { generateKeyPairSync, randomBytes } from "node:crypto";
import { type AsymmetricCase, asymmetricCases } from "./asymmetric-cases.ts";
import { type BenchServer, startBenchServer } from "./bench-server.ts";
import { runLoad } from "./load.ts";
import { describeOpensslCommand, Reference } from "./reference.ts";
import { scale } from "./scale.ts";
import { printTable, showProgress } from "./table.ts";

const connections = 8;
const targetFactor = 1.3;
const rounds = 3;
/** How long the operation alone shall take in one round: the system counts CPU time in steps of 10,000. */
const budgetMicroseconds = 400_000 * scale;

/** CPU time in microseconds, and what it was for. */
class Cost {
  #microseconds = 0;
  #count = 0;

  add(microseconds: number, count: number): void {
    this.#microseconds += microseconds;
    this.#count += count;
  }

  get each(): number {
    return this.#microseconds / this.#count;
  }
}

/**
 * CPU time of signatures, MACs, agreements, encapsulations and key pairs through the whole server, beside OpenSSL's own
 * for the operation alone. Three rounds of each in turns, so that other work on the machine falls on all alike; the cost of
 * one request is the mean of the whole run.
 */
export async function measureAsymmetric(directory: string): Promise<void> {
  const server = await startBenchServer(directory, "asymmetric");
  const reference = new Reference();
  try {
    const random = server.request("GenerateRandom", { NumberOfBytes: 32 });
    await addRequests(new Cost(), server, random, 1_000);
    const request = new Cost();
    const keys = new Map<string, string>();
    const costs: { readonly name: string; readonly openssl: number; readonly coffer: number }[] = [];
    for (const one of asymmetricCases) {
      showProgress(one.name);
      const [openssl, coffer] = [new Cost(), new Cost()];
      const bytes = server.request(one.operation, await inputOf(server, one, keys));
      const estimate = await reference.cpuMicroseconds(one.reference, 3);
      const calls = Math.ceil(Math.max(3, budgetMicroseconds / estimate));
      const requests = Math.ceil(Math.max(8, budgetMicroseconds / (estimate + 100)));
      await addRequests(new Cost(), server, bytes, Math.ceil(requests / 10));
      for (let round = 0; round < rounds; round++) {
        openssl.add((await reference.cpuMicroseconds(one.reference, calls)) * calls, calls);
        await addRequests(request, server, random, Math.ceil(budgetMicroseconds / 400));
        await addRequests(coffer, server, bytes, requests);
      }
      costs.push({ name: one.name, openssl: openssl.each, coffer: coffer.each });
    }
    print(costs, request.each);
  } finally {
    reference.stop();
    await server.process.stop();
  }
}

function print(
  costs: readonly { readonly name: string; readonly openssl: number; readonly coffer: number }[],
  request: number,
): void {
  const rows = costs.map(({ name, openssl, coffer }) => {
    const target = targetFactor * openssl + request;
    return { cells: [name, ...[openssl, coffer, target].map((value) => value.toFixed(0))], met: coffer <= target };
  });
  printTable(
    `Beside OpenSSL: ${connections} connections, audit durability disk`,
    ["operation", "OpenSSL us", "Coffer us", "target us", ""],
    rows.map(({ cells, met }) => [...cells, met ? "met" : "missed"]),
  );
  console.log(`\n${rows.filter(({ met }) => met).length} of ${rows.length} met.`);
  console.log(`Target: ${targetFactor} x OpenSSL + one request, a GenerateRandom: ${request.toFixed(0)} us.`);
  console.log(describeOpensslCommand());
}

async function addRequests(cost: Cost, server: BenchServer, request: Buffer, requests: number): Promise<void> {
  const before = server.process.cpuMicroseconds();
  await runLoad({ port: server.process.port, request, requests, connections });
  cost.add(server.process.cpuMicroseconds() - before, requests);
}

async function inputOf(server: BenchServer, one: AsymmetricCase, keys: Map<string, string>): Promise<object> {
  const KeyId = await keyOf(server, one, keys);
  const message = randomBytes(one.messageBytes ?? 32).toString("base64");
  const signing = { KeyId, Message: message, MessageType: one.messageType, SigningAlgorithm: one.algorithm };
  const mac = { KeyId, Message: message, MacAlgorithm: one.algorithm };
  const kem = { KeyId, EncapsulationAlgorithm: one.algorithm };
  const inputs: ReadonlyMap<string, () => object | Promise<object>> = new Map<string, () => object | Promise<object>>([
    ["Sign", () => signing],
    ["Verify", async () => ({ ...signing, Signature: (await server.call("Sign", signing))["Signature"] })],
    ["GenerateMac", () => mac],
    ["VerifyMac", async () => ({ ...mac, Mac: (await server.call("GenerateMac", mac))["Mac"] })],
    ["DeriveSharedSecret", () => ({ KeyId, KeyAgreementAlgorithm: one.algorithm, PublicKey: peerOf(one) })],
    ["Encapsulate", () => kem],
    ["Decapsulate", async () => decapsulateInput(kem, await server.call("Encapsulate", kem))],
    ["GenerateDataKeyPair", () => ({ KeyId, KeyPairSpec: one.algorithm })],
  ]);
  return (await inputs.get(one.operation)?.()) ?? {};
}

function decapsulateInput(kem: object, answer: Record<string, unknown>): object {
  const { CiphertextBlob, SharedSecretCiphertextBlob } = answer;
  return { ...kem, SharedSecretCiphertextBlob: SharedSecretCiphertextBlob ?? CiphertextBlob };
}

async function keyOf(
  server: BenchServer,
  { keySpec, keyUsage }: AsymmetricCase,
  keys: Map<string, string>,
): Promise<string> {
  const name = `${keySpec} ${keyUsage}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  const { KeyMetadata } = await server.call("CreateKey", { KeySpec: keySpec, KeyUsage: keyUsage });
  const { KeyId } = KeyMetadata as { KeyId: string };
  keys.set(name, KeyId);
  return KeyId;
}

function peerOf({ reference }: AsymmetricCase): string {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: reference.namedCurve ?? "" });
  return publicKey.export({ format: "der", type: "spki" }).toString("base64");
}
