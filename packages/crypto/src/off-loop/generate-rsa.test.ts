import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { findKeySpec } from "../algorithms.ts";
import { generateRsaPrivateKey } from "./generate-rsa.ts";

test("more pairs than threads: each is made, of its own length, and no two are the same", async () => {
  const bits = [2048, 3072, 2048, 2048, 2048];
  const made = await Promise.all(bits.map((modulusBits) => generateRsaPrivateKey(modulusBits)));
  for (const [index, material] of made.entries()) {
    assert.ok(findKeySpec(`RSA_${bits[index]}`)?.load(material) !== undefined, `${bits[index]}`);
    assert.ok(made.every((other, at) => at === index || !other.equals(material)));
  }
  for (const material of made) material.dispose();
});

test("what OpenSSL refuses fails alone, and the thread goes on", async () => {
  const settled = await Promise.allSettled([generateRsaPrivateKey(16), generateRsaPrivateKey(2048)]);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ["rejected", "fulfilled"],
  );
});

test("the threads keep no process alive, and a process waits for its pair", async () => {
  const program = `
    import { generateRsaPrivateKey } from ${JSON.stringify(new URL("./generate-rsa.ts", import.meta.url).href)};
    generateRsaPrivateKey(2048).then((key) => console.log(key.use((der) => der[0])));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  assert.equal(stdout, "48\n");
});
