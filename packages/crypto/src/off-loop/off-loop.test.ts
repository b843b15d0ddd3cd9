import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createPrivateKey, hash, verify } from "node:crypto";
import { test } from "node:test";
import { promisify } from "node:util";
import { publicKeyOf } from "../public-key.ts";
import { pairOf } from "../testing/pairs.ts";
import { fromHex } from "../testing/vectors.ts";
import { signOffLoop, verifyOffLoop } from "./off-loop.ts";

test("every caller gets its own answer, and a failure is nobody else's", async () => {
  const { privateKey, publicKey } = await pairOf("ECC_NIST_P256");
  const rsa = await pairOf("RSA_2048");
  const messages = Array.from({ length: 20 }, (_, index) => Buffer.from(`message ${index}`));
  const digests = messages.map((message) => hash("sha256", message, "buffer"));
  const signing = digests.map((digest) => signOffLoop("ecdsa", privateKey, digest));
  const failing = [
    signOffLoop("ecdsa", rsa.privateKey, Buffer.alloc(32)),
    signOffLoop("rsa", rsa.privateKey, Buffer.alloc(5)),
    signOffLoop("ecdsa", publicKey, Buffer.alloc(32)),
  ];
  for (const failed of await Promise.allSettled(failing)) {
    assert.equal(failed.status, "rejected");
    // Nothing of the cause comes along: it may tell of a key.
    assert.deepEqual(Object.keys(failed.reason), []);
    assert.match(failed.reason.message, /^The thread for signatures has made none\.$/);
  }
  const signatures = await Promise.all(signing);
  for (const [index, signature] of signatures.entries()) {
    assert.ok(verify("sha256", messages[index] ?? "", publicKey, signature));
    assert.equal(await verifyOffLoop("ecdsa", publicKey, digests[index] ?? Buffer.alloc(32), signature), true);
    const other = digests[(index + 1) % digests.length] ?? Buffer.alloc(32);
    assert.equal(await verifyOffLoop("ecdsa", publicKey, other, signature), false);
  }
});

test("a signature is not made in the caller's own turn of the event loop", async () => {
  const { privateKey } = await pairOf("ECC_NIST_P521");
  const order: string[] = [];
  const signing = signOffLoop("ecdsa", privateKey, Buffer.alloc(64, 1)).then(() => order.push("signature"));
  // What was made in this turn would be there after a few microtasks; another thread's answer cannot be.
  for (let count = 0; count < 20; count += 1) await Promise.resolve();
  order.push("turn");
  await signing;
  assert.deepEqual(order, ["turn", "signature"]);
});

test("Ed25519ph: the vector of RFC 8032 section 7.3", async () => {
  const seedDer = "302e020100300506032b657004220420833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42";
  const signatureHex =
    "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41" +
    "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406";
  const privateKey = createPrivateKey({ key: fromHex(seedDer), format: "der", type: "pkcs8" });
  const message = Buffer.from("abc");
  assert.equal((await signOffLoop("ed25519ph", privateKey, message)).toString("hex"), signatureHex);
  assert.equal(await verifyOffLoop("ed25519ph", publicKeyOf(privateKey), message, fromHex(signatureHex)), true);
});

test("the thread keeps no process alive, and a process waits for its signature", async () => {
  const program = `
    import { generateKeyPairSync } from "node:crypto";
    import { signOffLoop } from ${JSON.stringify(new URL("./off-loop.ts", import.meta.url).href)};
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    signOffLoop("ecdsa", privateKey, Buffer.alloc(32)).then((signature) => console.log(signature[0]));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  assert.equal(stdout, "48\n");
});
