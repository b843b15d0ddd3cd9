import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { buildClient, CommitmentPolicy, oaepHashSupported, RawRsaKeyringNode } from "@aws-crypto/client-node";
import { component, type PythonJob, type PythonKey, runPythonJobs } from "@coffer/testkit";
import { decrypt, encrypt } from "../src/index.ts";
import { type RsaPadding, rawRsaKeyring } from "../src/rsa.ts";

const python = component("python-venv");
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

const { publicKey, privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 3072,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const name = { namespace: "interop", name: "schlüssel" } as const;
const context = { purpose: "interop" };
const paddings: readonly RsaPadding[] = ["pkcs1", "oaep-sha1", "oaep-sha256", "oaep-sha384", "oaep-sha512"];

describe("raw RSA keyrings beside AWS's", () => {
  it("Python, both ways, in each padding", { skip: python.available ? false : python.reason }, async () => {
    assert.ok(python.available);
    const keyOf = (padding: RsaPadding, half: "public" | "private"): PythonKey => ({
      type: "rsa",
      ...name,
      padding,
      half,
      pem: half === "public" ? publicKey : privateKey,
    });
    const written = await Promise.all(
      paddings.map((padding) =>
        encrypt("a secret", { keyring: rawRsaKeyring({ ...name, publicKey, padding }), context }),
      ),
    );
    const jobs: readonly PythonJob[] = paddings.flatMap((padding, index): PythonJob[] => [
      { do: "decrypt", keys: [keyOf(padding, "private")], message: base64(written[index]!), strict: true },
      {
        do: "encrypt",
        suite: 0x0578,
        frame_bytes: 4096,
        keys: [keyOf(padding, "public")],
        context,
        plaintext: base64(Buffer.from("theirs")),
      },
    ]);
    const outcomes = runPythonJobs(python.path, jobs);
    for (const [index, padding] of paddings.entries()) {
      const [read, theirs] = [outcomes[index * 2]!, outcomes[index * 2 + 1]!];
      assert.equal(text(Buffer.from(read.ok?.plaintext ?? "", "base64")), "a secret", `${padding}: ${read.message}`);
      assert.ok(theirs.ok, `${padding}: ${theirs.message}`);
      const keyring = rawRsaKeyring({ ...name, privateKey, padding });
      const { plaintext, signed } = await decrypt(Buffer.from(theirs.ok, "base64"), { keyring, context });
      assert.equal(text(plaintext), "theirs");
      assert.ok(signed);
    }
  });

  it("JavaScript, both ways, in each padding", async () => {
    assert.ok(oaepHashSupported);
    const client = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
    for (const padding of paddings) {
      const theirs = new RawRsaKeyringNode({
        keyNamespace: name.namespace,
        keyName: name.name,
        rsaKey: { publicKey, privateKey },
        ...(padding === "pkcs1"
          ? { padding: 1 }
          : { oaepHash: padding.slice(5) as "sha1" | "sha256" | "sha384" | "sha512" }),
      });
      const ours = rawRsaKeyring({ ...name, publicKey, privateKey, padding });
      const read = await client.decrypt(theirs, await encrypt("a secret", { keyring: ours, context }));
      assert.equal(text(read.plaintext), "a secret", padding);
      const { result } = await client.encrypt(theirs, Buffer.from("theirs"), { encryptionContext: context });
      assert.equal(text((await decrypt(result, { keyring: ours, context })).plaintext), "theirs", padding);
    }
  });
});
