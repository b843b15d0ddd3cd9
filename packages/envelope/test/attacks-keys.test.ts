import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { describe, it, test } from "node:test";
import { platform } from "#platform";
import { base64OfBytes, bytesOfHex, concatBytes, utf8 } from "../src/bytes.ts";
import { decrypt, decryptChunks, encrypt, rawAesKeyring, suites } from "../src/index.ts";
import { fixedKey, forge, forgeParts } from "./forge.ts";

const dataKey = new Uint8Array(32).fill(9);
const plaintext = utf8("a plaintext that is signed");
const materials = fixedKey(dataKey);
const options = { materials, commitment: "optional" } as const;
const signing = suites.get(0x0578)!;
const publicKeyName = "aws-crypto-public-key";

/** A message that is signed as it should be, or with another public key in its context. */
async function signed(publicKey?: string) {
  const signingKey = await platform.signingKey("P-384", "sha384");
  const context = new Map([[publicKeyName, publicKey ?? base64OfBytes(signingKey.publicKey)]]);
  return forgeParts({ suite: signing, dataKey, plaintext, frameBytes: 16, context, signer: signingKey.begin() });
}

describe("a signature", () => {
  it("is checked", async () => {
    const { header, parts, footer } = await signed();
    assert.equal((await decrypt(concatBytes(header, ...parts, footer), options)).signed, true);
  });

  it("of another message is refused, and nothing left before", async () => {
    const [one, two] = [await signed(), await signed()];
    const mixed = concatBytes(one.header, ...one.parts, two.footer);
    await assert.rejects(decrypt(mixed, options), { code: "DecryptionFailed" });
    const given: Uint8Array[] = [];
    await assert.rejects(
      async () => {
        for await (const piece of decryptChunks([mixed], options)) given.push(piece);
      },
      { code: "DecryptionFailed" },
    );
    assert.equal(given.length, 0);
    const early: Uint8Array[] = [];
    await assert.rejects(
      async () => {
        for await (const piece of decryptChunks([mixed], { ...options, releaseBeforeSignature: true }))
          early.push(piece);
      },
      { code: "DecryptionFailed" },
    );
    assert.deepEqual(concatBytes(...early), plaintext);
  });

  it("made by whoever has only the data key is refused", async () => {
    const { header, parts } = await signed();
    const own = (await platform.signingKey("P-384", "sha384")).begin();
    for (const piece of [header, ...parts]) own.update(piece);
    const signature = await own.sign();
    const footer = concatBytes(Uint8Array.of(0, signature.length), signature);
    await assert.rejects(decrypt(concatBytes(header, ...parts, footer), options), { code: "DecryptionFailed" });
  });

  it("under another public key is refused, for the data key is bound to the first", async () => {
    const keyring = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: dataKey });
    const message = await encrypt(plaintext, { keyring, sign: true });
    const other = await platform.signingKey("P-384", "sha384");
    const text = new TextDecoder("latin1").decode(message);
    const at = text.indexOf(publicKeyName) + publicKeyName.length + 2;
    message.set(utf8(base64OfBytes(other.publicKey)), at);
    await assert.rejects(decrypt(message, { keyring }), { code: "KeyUnavailable" });
    await assert.rejects(decrypt(message, options), { code: "DecryptionFailed" });
  });

  it("that is taken off with its suite's number leaves nothing to read", async () => {
    for (const [from, to] of [
      [0x0578, 0x0478],
      [0x0378, 0x0178],
      [0x0378, 0x0078],
    ] as const) {
      const suite = suites.get(from)!;
      const { curve, hash } = suite.signature!;
      const signingKey = await platform.signingKey(curve, hash);
      const context = new Map([[publicKeyName, base64OfBytes(signingKey.publicKey)]]);
      const signer = signingKey.begin();
      const { header, parts } = await forgeParts({ suite, dataKey, plaintext, frameBytes: 16, context, signer });
      const stripped = concatBytes(header, ...parts);
      stripped.set([to >> 8, to & 0xff], suite.version === 2 ? 1 : 2);
      await assert.rejects(decrypt(stripped, options), { code: "DecryptionFailed" });
    }
  });

  it("that is taken off by whoever has the data key leaves its public key behind", async () => {
    for (const value of [base64OfBytes((await platform.signingKey("P-384", "sha384")).publicKey), "", "no base64"]) {
      const context = new Map([[publicKeyName, value]]);
      const message = await forge({ suite: suites.get(0x0478)!, dataKey, plaintext, frameBytes: 16, context });
      await assert.rejects(decrypt(message, options), { code: "MessageMalformed", message: /not signed/ });
    }
  });

  it("needs a public key", async () => {
    const message = await forge({ suite: signing, dataKey, plaintext, frameBytes: 16 });
    await assert.rejects(decrypt(message, options), { code: "MessageMalformed", message: /no public key/ });
  });
});

describe("a public key", () => {
  const x = bytesOfHex(
    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
  );
  for (const [what, point] of [
    ["with no point of the curve at its x", concatBytes(Uint8Array.of(2), x.with(47, 0x01))],
    [
      "with the x of a point, and the prime on top",
      concatBytes(
        Uint8Array.of(2),
        bytesOfHex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff"),
      ),
    ],
    ["with an x that is the prime or more", new Uint8Array(49).fill(0xff).with(0, 2)],
    ["of another form", concatBytes(Uint8Array.of(4), x, x)],
    ["of another form and the right length", concatBytes(Uint8Array.of(4), x)],
    ["that is the point at infinity", new Uint8Array(1)],
    ["of another curve", concatBytes(Uint8Array.of(2), x.subarray(0, 32))],
    ["of no bytes", new Uint8Array(0)],
    ["with a byte behind it", concatBytes(Uint8Array.of(2), x, Uint8Array.of(0))],
  ] as const) {
    it(`${what} is refused`, async () => {
      const { header, parts, footer } = await signed(base64OfBytes(point));
      await assert.rejects(decrypt(concatBytes(header, ...parts, footer), options), { code: "MessageMalformed" });
    });
  }
});

describe("the DER of a signature", () => {
  const order = { "P-256": "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551" } as const;
  const n = BigInt(`0x${order["P-256"]}`);

  /** `ECDSA-Sig-Value` of any two INTEGERs, in the form that they are given. */
  const sequence = (...integers: readonly Uint8Array[]) => {
    const content = concatBytes(...integers.flatMap((bytes) => [Uint8Array.of(2, bytes.length), bytes]));
    return concatBytes(Uint8Array.of(0x30, content.length), content);
  };
  const integer = (value: bigint) => {
    const hex = value.toString(16);
    const bytes = bytesOfHex(hex.padStart(hex.length + (hex.length % 2), "0"));
    return bytes[0]! & 0x80 ? concatBytes(Uint8Array.of(0), bytes) : bytes;
  };
  const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

  async function verifyAs(change: (r: bigint, s: bigint, der: Uint8Array) => Uint8Array): Promise<boolean> {
    const signingKey = await platform.signingKey("P-256", "sha256");
    const signer = signingKey.begin();
    signer.update(plaintext);
    const der = Uint8Array.from(await signer.sign());
    const rBytes = der[3]!;
    const r = number(der.subarray(4, 4 + rBytes));
    const s = number(der.subarray(6 + rBytes));
    const verifier = await platform.messageVerifier("P-256", "sha256", signingKey.publicKey);
    verifier.update(plaintext);
    return verifier.verify(change(r, s, der));
  }

  it("is verified", async () => {
    assert.ok(await verifyAs((_r, _s, der) => der));
    assert.ok(await verifyAs((r, s) => sequence(integer(r), integer(s))));
  });

  // Anybody can turn one into the other: a signature names no message by itself, as in AWS's SDKs.
  it("is verified with either of its two s", async () =>
    assert.ok(await verifyAs((r, s) => sequence(integer(r), integer(n - s)))));

  const zero = Uint8Array.of(0);
  for (const [what, change] of [
    ["with a byte behind it", (_r, _s, der) => concatBytes(der, zero)],
    ["with a byte in it", (r, s) => sequence(integer(r), integer(s), zero)],
    ["that ends early", (_r, _s, der) => der.subarray(0, -1)],
    ["with a zero in front of r", (r, s) => sequence(concatBytes(zero, zero, integer(r)), integer(s))],
    ["with a length in two bytes", (_r, _s, der) => concatBytes(Uint8Array.of(0x30, 0x81), der.subarray(1))],
    ["of another type", (_r, _s, der) => der.with(0, 0x31)],
    ["with r + n", (r, s) => sequence(integer(r + n), integer(s))],
    ["with r = 0", (_r, s) => sequence(zero, integer(s))],
    ["with s = 0", (r) => sequence(integer(r), zero)],
    ["with both 0", () => sequence(zero, zero)],
    ["with s = n", (r) => sequence(integer(r), integer(n))],
    ["with a negative r", (r, s) => sequence(integer(r).with(0, 0xff), integer(s))],
    ["of no bytes", () => new Uint8Array(0)],
    ["of the two halves alone", (r, s) => concatBytes(integer(r), integer(s))],
    ["with r without bytes", (_r, s) => sequence(new Uint8Array(0), integer(s))],
  ] as const satisfies readonly (readonly [string, (r: bigint, s: bigint, der: Uint8Array) => Uint8Array])[]) {
    it(`${what} is refused`, async () => assert.equal(await verifyAs(change), false));
  }
});

describe("a commitment", () => {
  it("that is not the data key's is refused, though the header's tag is right", async () => {
    for (const commitment of [new Uint8Array(32), new Uint8Array(32).fill(1)]) {
      const message = await forge({ suite: suites.get(0x0478)!, dataKey, plaintext, frameBytes: 16, commitment });
      await assert.rejects(decrypt(message, options), { code: "DecryptionFailed" });
    }
  });

  it("is asked for unless a caller says otherwise, whatever else it says", async () => {
    const message = await forge({ suite: suites.get(0x0178)!, dataKey, plaintext, frameBytes: 16 });
    assert.deepEqual((await decrypt(message, options)).plaintext, plaintext);
    for (const commitment of [undefined, "required", "no", true, 0] as unknown as readonly "required"[]) {
      await assert.rejects(decrypt(message, { materials, commitment }), { code: "PolicyRefused" });
    }
  });

  it("a data key of another length than the suite's opens nothing", async () => {
    const message = await forge({ suite: suites.get(0x0478)!, dataKey, plaintext, frameBytes: 16 });
    for (const length of [0, 16, 31, 33]) {
      const wrong = fixedKey(new Uint8Array(length).fill(9));
      await assert.rejects(decrypt(message, { ...options, materials: wrong }), { code: "DecryptionFailed" });
    }
  });
});

/** Multiplication in the field of GHASH (NIST SP 800-38D, 6.3): the first bit is the constant term. */
function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  let factor = b;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((a >> bit) & 1n) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ (0xe1n << 120n) : factor >> 1n;
  }
  return product;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n << 127n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = multiply(square, square)) {
    if (rest & 1n) result = multiply(result, square);
  }
  return result;
}

const blockNumber = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
const blockBytes = (value: bigint) => bytesOfHex(value.toString(16).padStart(32, "0"));

describe("a message for two readers who see two plaintexts", () => {
  const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const hashKey = (key: Uint8Array) => {
    const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
    return blockNumber(cipher.update(new Uint8Array(16)));
  };

  /** A tag of AES-GCM over bytes and a ciphertext that is given. */
  function tagOf(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): bigint {
    const keystream = createCipheriv("aes-256-gcm", key, iv).update(new Uint8Array(ciphertext.length));
    const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(aad);
    cipher.update(ciphertext.map((byte, index) => byte ^ keystream[index]!));
    cipher.final();
    return blockNumber(cipher.getAuthTag());
  }

  /** The block that, `blocksBehind` before the end of what GHASH takes, makes the tags of both keys one. */
  function collide(tags: readonly bigint[], blocksBehind: bigint): Uint8Array {
    const [a, b] = keys.map((key) => power(hashKey(key), blocksBehind));
    return blockBytes(multiply(tags[0]! ^ tags[1]!, power(a! ^ b!, 2n ** 128n - 2n)));
  }

  /** Suite 0x0078: the data key is the message key. Dodis, Grubbs, Ristenpart, Woodage 2018, "Fast Message Franking". */
  function ambiguousMessage(): Uint8Array {
    const fixed = concatBytes(Uint8Array.of(1, 0x80, 0, 0x78), new Uint8Array(16).fill(5), Uint8Array.of(0, 0, 0, 1));
    const encryptedKey = concatBytes(Uint8Array.of(0, 1, 0x61, 0, 1, 0x62, 0, 0x40), new Uint8Array(64));
    const header = concatBytes(fixed, encryptedKey, Uint8Array.of(1, 0, 0, 0, 0, 12, 0, 0, 0, 0));
    const free = Math.ceil((fixed.length + 8) / 16) * 16;
    const noIv = new Uint8Array(12);
    const noText = new Uint8Array(0);
    const blocks = BigInt(Math.ceil(header.length / 16) + 1);
    const headerTags = keys.map((key) => tagOf(key, noIv, header, noText));
    header.set(collide(headerTags, blocks - BigInt(free / 16)), free);
    const tag = blockBytes(tagOf(keys[0]!, noIv, header, noText));
    const iv = new Uint8Array(12).with(11, 1);
    const ciphertext = new Uint8Array(48).fill(0x42);
    const number = new Uint8Array(12);
    new DataView(number.buffer).setUint32(0, 1);
    new DataView(number.buffer).setBigUint64(4, 48n);
    const aad = concatBytes(header.subarray(4, 20), utf8("AWSKMSEncryptionClient Single Block"), number);
    ciphertext.fill(0, 32);
    ciphertext.set(
      collide(
        keys.map((key) => tagOf(key, iv, aad, ciphertext)),
        2n,
      ),
      32,
    );
    const bodyTag = blockBytes(tagOf(keys[0]!, iv, aad, ciphertext));
    const length = new Uint8Array(8).with(7, 48);
    return concatBytes(header, noIv, tag, iv, length, ciphertext, bodyTag);
  }

  it("is refused, and can be made: that is why", async () => {
    const message = ambiguousMessage();
    const seen: Uint8Array[] = [];
    for (const key of keys) {
      await assert.rejects(decrypt(message, { materials: fixedKey(key) }), { code: "PolicyRefused" });
      seen.push((await decrypt(message, { materials: fixedKey(key), commitment: "optional" })).plaintext);
    }
    assert.notDeepEqual(seen[0], seen[1]);
  });
});

test("a wrapped data key opens under its own name, key and context alone", async () => {
  const own = { namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) };
  const message = await encrypt(plaintext, { keyring: rawAesKeyring(own), context: { a: "b" } });
  for (const other of [{ namespace: "other" }, { name: "two" }, { wrappingKey: new Uint8Array(32).fill(8) }]) {
    await assert.rejects(decrypt(message, { keyring: rawAesKeyring({ ...own, ...other }) }), {
      code: "KeyUnavailable",
    });
  }
  for (const wrong of [
    { namespace: "aws-kms" },
    { namespace: "\ud800" },
    { name: "\ud800" },
    { wrappingKey: new Uint8Array(31) },
  ]) {
    assert.throws(() => rawAesKeyring({ ...own, ...wrong }), { code: "InvalidInput" });
  }
});
