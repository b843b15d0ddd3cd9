import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { component, type PythonJob, type PythonKey, runPythonJobs } from "@coffer/testkit";
import { decrypt, EnvelopeError, encrypt, multiKeyring, rawAesKeyring, suites } from "../src/index.ts";
import { interopContexts, interopPlaintexts } from "./interop-cases.ts";

const python = component("python-venv");
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

const wrappingKeys = [16, 24, 32].map((length) => new Uint8Array(length).fill(length));
const keyrings = wrappingKeys.map((wrappingKey, index) =>
  rawAesKeyring({ namespace: "interop", name: `schlüssel ${index}`, wrappingKey }),
);
const pythonKeys = wrappingKeys.map(
  (material, index): PythonKey => ({
    type: "aes",
    namespace: "interop",
    name: `schlüssel ${index}`,
    material: base64(material),
  }),
);

function run(jobs: readonly PythonJob[]) {
  assert.ok(python.available);
  return runPythonJobs(python.path, jobs);
}

describe("AWS Encryption SDK for Python", { skip: python.available ? false : python.reason }, () => {
  it("what it writes we read: each suite, framed and not, each wrapping key", async () => {
    const jobs = [...suites.values()].flatMap((suite, row) =>
      [0, 128, 4096].flatMap((frame_bytes, column) => {
        const plaintext = base64(interopPlaintexts[(row + column) % interopPlaintexts.length]!);
        const context = interopContexts[(row + column) % interopContexts.length]!;
        const keys = [pythonKeys[row % 3]!];
        return [{ do: "encrypt", suite: suite.id, frame_bytes, keys, context, plaintext } as const];
      }),
    );
    for (const [index, outcome] of run(jobs).entries()) {
      const { suite, context, plaintext, keys } = jobs[index]!;
      assert.ok(outcome.ok, `${suite.toString(16)}: ${outcome.message}`);
      const message = Buffer.from(outcome.ok, "base64");
      const keyring = keyrings[pythonKeys.indexOf(keys[0]!)]!;
      const options = { keyring, context, commitment: "optional" } as const;
      const decrypted = await decrypt(message, options);
      assert.equal(base64(decrypted.plaintext), plaintext);
      assert.deepEqual({ ...decrypted.context }, { ...context });
      assert.equal(decrypted.suite, suites.get(suite)!.name);
      assert.equal(decrypted.signed, suites.get(suite)!.signature !== undefined);
      if (suites.get(suite)!.commits) await decrypt(message, { keyring });
      else await assert.rejects(decrypt(message, { keyring }), { code: "PolicyRefused" });
    }
  });

  it("what we write it reads: both suites, frames of any length, contexts, several keys", async () => {
    const cases = [false, true].flatMap((sign) =>
      [1, 7, 128, 1000, 65_536].flatMap((frameBytes, row) =>
        interopContexts.map((context, column) => {
          const plaintext = interopPlaintexts[(row + column) % interopPlaintexts.length]!;
          return { sign, frameBytes, context, plaintext: frameBytes === 1 ? plaintext.subarray(0, 50) : plaintext };
        }),
      ),
    );
    const jobs: PythonJob[] = [];
    for (const [index, { plaintext, ...options }] of cases.entries()) {
      const message = await encrypt(plaintext, { keyring: multiKeyring(keyrings), ...options });
      jobs.push({ do: "decrypt", keys: [pythonKeys[index % 3]!], message: base64(message), strict: true });
    }
    for (const [index, outcome] of run(jobs).entries()) {
      const { plaintext, context } = cases[index]!;
      assert.ok(outcome.ok, outcome.message);
      assert.equal(outcome.ok.plaintext, base64(plaintext));
      assert.deepEqual(outcome.ok.context, { ...context });
    }
  });

  it("several keys wrap, each unwraps, both ways", async () => {
    const plaintext = base64(Buffer.from("for three"));
    const [written] = run([
      { do: "encrypt", suite: 0x0578, frame_bytes: 4096, keys: pythonKeys, context: { for: "three" }, plaintext },
    ]);
    for (const keyring of keyrings) {
      const message = Buffer.from(written!.ok, "base64");
      assert.equal(base64((await decrypt(message, { keyring, context: { for: "three" } })).plaintext), plaintext);
    }
  });

  it("required context names: neither stores them, either reads the other's with them alone", async (t) => {
    const keys = [pythonKeys[2]!];
    const keyring = keyrings[2]!;
    const context = { tenant: "blå", purpose: "test", "a name": "with a space" };
    const required = ["tenant", "purpose"];
    const requiredContextNames = required;
    const plaintext = base64(Buffer.from("with required names"));
    const ours = await encrypt("with required names", { keyring, context, requiredContextNames, sign: true });
    const brought = { tenant: "blå", purpose: "test" };
    const [written, read, wrong, without] = run([
      { do: "encrypt", suite: 0x0578, frame_bytes: 4096, keys, context, plaintext, required },
      { do: "decrypt", keys, message: base64(ours), context: brought, required },
      { do: "decrypt", keys, message: base64(ours), context: { ...brought, tenant: "other" }, required },
      { do: "decrypt", keys, message: base64(ours) },
    ]);
    if (read!.error === "ModuleNotFoundError") return t.skip("aws-cryptographic-material-providers needs Python 3.11");
    assert.equal(read!.ok?.plaintext, plaintext, read!.message);
    assert.ok(wrong!.error && without!.error, "without what is required nobody reads it");
    const theirs = Buffer.from(written!.ok ?? assert.fail(written!.message), "base64");
    for (const message of [ours, theirs]) {
      assert.ok(!Buffer.from(message).includes("blå"), "the message does not store it");
      const decrypted = await decrypt(message, { keyring, context: brought, requiredContextNames });
      assert.equal(base64(decrypted.plaintext), plaintext);
      assert.deepEqual({ ...decrypted.context }, context);
      const wrongContext = { ...brought, tenant: "other" };
      await assert.rejects(decrypt(message, { keyring, context: wrongContext }), EnvelopeError);
      await assert.rejects(decrypt(message, { keyring }), EnvelopeError);
    }
  });

  it("it refuses what we damaged", async () => {
    const message = await encrypt("signed", { keyring: keyrings[2]!, sign: true });
    const damaged = [5, 60, message.length - 60].map((offset) => {
      const copy = Uint8Array.from(message);
      copy[offset]! ^= 1;
      return copy;
    });
    const jobs = [...damaged, message].map((bytes) => ({
      do: "decrypt" as const,
      keys: [pythonKeys[2]!],
      message: base64(bytes),
    }));
    assert.deepEqual(
      run(jobs).map(({ error }) => error === undefined),
      [false, false, false, true],
    );
  });
});
