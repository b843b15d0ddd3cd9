import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CryptoInvariantError } from "./invariant.ts";
import { bitFlips, fixedNonce, fromHex, keyFromHex, readVectors } from "./testing/vectors.ts";
import { findTransitCipher } from "./transit/ciphers.ts";
import { decryptTransit, encryptTransit, parseTransitCiphertext } from "./transit-ciphertext.ts";
import { encryptTransitFrom } from "./transit-ciphertext-internal.ts";

const material = keyFromHex("07".repeat(32));
const aad = Buffer.from("associated");
const cipher = findTransitCipher("SYMMETRIC_DEFAULT")!;
const sample = { cipher, material, keyVersion: 3, plaintext: Buffer.from("plaintext"), aad };

interface NistCase {
  readonly file: string;
  readonly count: number;
  readonly keyHex: string;
  readonly ivHex: string;
  readonly aadHex: string;
  readonly plaintextHex: string | null;
  readonly ciphertextHex: string;
  readonly tagHex: string;
}

test("NIST CAVP: AES-256-GCM, valid and invalid", () => {
  for (const vector of readVectors<NistCase>("nist/aes-256-gcm.json")) {
    const name = `${vector.file} ${vector.keyHex}`;
    const key = keyFromHex(vector.keyHex);
    const body = fromHex(vector.ivHex + vector.ciphertextHex + vector.tagHex);
    const plaintext = decryptTransit(cipher, { keyVersion: 1, body }, key, fromHex(vector.aadHex));
    assert.equal(plaintext?.toString("hex") ?? null, vector.plaintextHex, name);
    if (vector.plaintextHex === null) continue;
    const input = {
      cipher,
      material: key,
      keyVersion: 1,
      plaintext: fromHex(vector.plaintextHex),
      aad: fromHex(vector.aadHex),
    };
    assert.equal(
      encryptTransitFrom(fixedNonce(fromHex(vector.ivHex)), input),
      `vault:v1:${body.toString("base64")}`,
      name,
    );
  }
});

interface FrozenCase {
  readonly name: string;
  readonly materialHex: string;
  readonly keyVersion: number;
  readonly aadHex: string;
  readonly nonceHex: string;
  readonly plaintextHex: string;
  readonly ciphertext: string;
}

test("frozen ciphertexts decrypt, and are made again character by character", () => {
  for (const vector of readVectors<FrozenCase>("transit-v1.json")) {
    const { keyVersion, name } = vector;
    const key = keyFromHex(vector.materialHex);
    const associated = fromHex(vector.aadHex);
    const parsed = parseTransitCiphertext(vector.ciphertext);
    assert.ok(parsed !== undefined, name);
    assert.equal(parsed.keyVersion, keyVersion, name);
    assert.equal(decryptTransit(cipher, parsed, key, associated)?.toString("hex"), vector.plaintextHex, name);
    const input = { cipher, material: key, keyVersion, plaintext: fromHex(vector.plaintextHex), aad: associated };
    assert.equal(encryptTransitFrom(fixedNonce(fromHex(vector.nonceHex)), input), vector.ciphertext, name);
  }
});

function decrypt(text: string, key = material, associated: Uint8Array | undefined = aad): Buffer | undefined {
  const parsed = parseTransitCiphertext(text);
  return parsed && decryptTransit(cipher, parsed, key, associated);
}

test("round trip for any version, plaintext and associated data", () => {
  const versions = fc.integer({ min: 1, max: 0x7fff_ffff });
  const bytes = fc.uint8Array({ maxLength: 100 });
  fc.assert(
    fc.property(versions, bytes, bytes, (keyVersion, plaintext, associated) => {
      const text = encryptTransit({ cipher, material, keyVersion, plaintext, aad: associated });
      const parsed = parseTransitCiphertext(text);
      assert.equal(parsed?.keyVersion, keyVersion);
      assert.deepEqual(decrypt(text, material, associated), Buffer.from(plaintext));
    }),
  );
});

test("no associated data and empty associated data are the same", () => {
  const bare = encryptTransit({ cipher, material, keyVersion: 1, plaintext: sample.plaintext });
  const empty = encryptTransit({ cipher, material, keyVersion: 1, plaintext: sample.plaintext, aad: Buffer.alloc(0) });
  const parsed = [bare, empty].map((text) => parseTransitCiphertext(text)!);
  for (const each of parsed) {
    assert.equal(decryptTransit(cipher, each, material)?.toString(), "plaintext");
    assert.equal(decryptTransit(cipher, each, material, Buffer.alloc(0))?.toString(), "plaintext");
  }
});

test("any changed bit, other key or other associated data is refused", () => {
  const text = encryptTransit(sample);
  const { keyVersion, body } = parseTransitCiphertext(text)!;
  assert.equal(decrypt(text)?.toString(), "plaintext");
  for (const { bit, changed } of bitFlips(body)) {
    assert.equal(decryptTransit(cipher, { keyVersion, body: changed }, material, aad), undefined, `bit ${bit}`);
  }
  for (const { changed } of bitFlips(aad)) assert.equal(decrypt(text, material, changed), undefined);
  assert.equal(decryptTransit(cipher, { keyVersion, body }, material), undefined);
  assert.equal(decrypt(text, keyFromHex("08".repeat(32))), undefined);
});

test("a body that is cut or extended is refused", () => {
  const { body } = parseTransitCiphertext(encryptTransit(sample))!;
  const asText = (bytes: Buffer) => `vault:v3:${bytes.toString("base64")}`;
  assert.equal(decrypt(asText(body))?.toString(), "plaintext");
  for (let length = 0; length < body.length; length++) {
    assert.equal(decrypt(asText(body.subarray(0, length))), undefined);
    assert.equal(decrypt(asText(body.subarray(body.length - length))), undefined);
  }
  assert.equal(decrypt(asText(Buffer.concat([body, Buffer.alloc(1)]))), undefined);
});

test("what is too short to be a ciphertext does not decrypt", () => {
  for (const bytes of [1, 12, 27]) {
    const parsed = parseTransitCiphertext(`vault:v1:${Buffer.alloc(bytes).toString("base64")}`)!;
    assert.equal(decryptTransit(cipher, parsed, material), undefined);
  }
});

test("only the canonical text is parsed", () => {
  const body = Buffer.alloc(28, 0xfb);
  const base64 = body.toString("base64");
  assert.deepEqual(parseTransitCiphertext(`vault:v1:${base64}`), { keyVersion: 1, body });
  assert.equal(parseTransitCiphertext(`vault:v2147483647:${base64}`)?.keyVersion, 2 ** 31 - 1);
  const refused = [
    "",
    "vault:",
    "vault:v",
    "vault:v1",
    "vault:v1:",
    base64,
    `vault:v1${base64}`,
    `vault:1:${base64}`,
    `Vault:v1:${base64}`,
    ` vault:v1:${base64}`,
    `vault:v1:${base64} `,
    `vault:v1:${base64}\n`,
    `vault:v1:\n${base64}`,
    `vault:v1::${base64}`,
    `vault:v1:${base64.slice(0, 8)}\n${base64.slice(8)}`,
    `vault:v1:${base64.replace(/=+$/, "")}`,
    `vault:v1:${base64}=`,
    `vault:v1:${body.toString("base64url")}`,
    `vault:v1:${Buffer.alloc(28).toString("base64").replace("A==", "B==")}`,
    ...[
      "0",
      "-1",
      "+1",
      "01",
      "1.0",
      "1e3",
      "0x1",
      " 1",
      "1 ",
      "\u0661",
      "",
      "2147483648",
      "4294967297",
      "9".repeat(30),
    ].map((version) => `vault:v${version}:${base64}`),
  ];
  for (const text of refused) assert.equal(parseTransitCiphertext(text), undefined, JSON.stringify(text));
});

test("parsing never throws, and what it takes is what encryption writes", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "binary" }).map((tail) => `vault:v1:${tail}`),
    fc.tuple(fc.string(), fc.base64String({ minLength: 30 })).map(([version, body]) => `vault:v${version}:${body}`),
    fc.tuple(fc.nat(), fc.base64String({ minLength: 30 })).map(([version, body]) => `vault:v${version}:${body}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const parsed = parseTransitCiphertext(text);
      if (parsed) assert.equal(`vault:v${parsed.keyVersion}:${parsed.body.toString("base64")}`, text);
    }),
    { numRuns: 1000 },
  );
});

test("nonces differ", () => {
  const nonces = Array.from({ length: 500 }, () =>
    parseTransitCiphertext(encryptTransit(sample))!.body.toString("hex", 0, 12),
  );
  assert.equal(new Set(nonces).size, nonces.length);
});

test("a version out of range is a bug of the caller", () => {
  for (const keyVersion of [0, -1, 1.5, 2 ** 31, Number.NaN]) {
    assert.throws(() => encryptTransit({ ...sample, keyVersion }), CryptoInvariantError);
  }
});
