import assert from "node:assert/strict";
import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, it } from "node:test";
import { limits } from "../limits.ts";
import { isJwsAlgorithm, isSignedBy, parseJwks, parseJws, parsePublicKeyPem } from "./jws.ts";

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function tokenOf(header: object, claims: object, signer: (signed: Buffer) => Buffer): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${signer(Buffer.from(signed)).toString("base64url")}`;
}

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
const p521 = generateKeyPairSync("ec", { namedCurve: "P-521" });
const ed25519 = generateKeyPairSync("ed25519");

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const raw = { dsaEncoding: "ieee-p1363" as const };
const signers: readonly (readonly [string, KeyObject, KeyObject, (signed: Buffer) => Buffer])[] = [
  ...["256", "384", "512"].flatMap((bits) => [
    [
      `RS${bits}`,
      rsa.publicKey,
      p256.publicKey,
      (signed: Buffer) => sign(`sha${bits}`, signed, rsa.privateKey),
    ] as const,
    [
      `PS${bits}`,
      rsa.publicKey,
      ed25519.publicKey,
      (signed: Buffer) => sign(`sha${bits}`, signed, { key: rsa.privateKey, ...pss }),
    ] as const,
  ]),
  ["ES256", p256.publicKey, p384.publicKey, (signed) => sign("sha256", signed, { key: p256.privateKey, ...raw })],
  ["ES384", p384.publicKey, p256.publicKey, (signed) => sign("sha384", signed, { key: p384.privateKey, ...raw })],
  ["ES512", p521.publicKey, rsa.publicKey, (signed) => sign("sha512", signed, { key: p521.privateKey, ...raw })],
  ["EdDSA", ed25519.publicKey, rsa.publicKey, (signed) => sign(null, signed, ed25519.privateKey)],
];

describe("signatures of tokens", () => {
  for (const [alg, key, other, signer] of signers) {
    it(`are right by ${alg} and its key alone`, () => {
      assert.ok(isJwsAlgorithm(alg));
      const token = parseJws(tokenOf({ alg }, { sub: "a" }, signer));
      assert.ok(token !== undefined);
      assert.deepEqual(token.claims, { sub: "a" });
      assert.equal(isSignedBy(token, [{ key }]), true);
      assert.equal(isSignedBy(token, [{ key: other }]), false);
      assert.equal(isSignedBy(token, [{ key: other }, { key, algorithm: alg }]), true);
      assert.equal(isSignedBy(token, [{ key, algorithm: alg === "RS256" ? "PS256" : "RS256" }]), false);
      assert.equal(isSignedBy({ ...token, signed: Buffer.from(`${token.signed}x`) }, [{ key }]), false);
      assert.equal(isSignedBy({ ...token, signature: Buffer.alloc(0) }, [{ key }]), false);
    });
  }

  it("are never right by none, a shared secret, or another algorithm's name", () => {
    const keys = [{ key: rsa.publicKey }];
    const pem = rsa.publicKey.export({ type: "spki", format: "pem" });
    const hmac = (signed: Buffer) => createHmac("sha256", pem).update(signed).digest();
    const rs256 = (signed: Buffer) => sign("sha256", signed, rsa.privateKey);
    for (const alg of ["none", "None", "HS256", "rs256", "RS1", "", "constructor"]) {
      assert.equal(isJwsAlgorithm(alg), false);
      for (const signer of [hmac, rs256, () => Buffer.alloc(0)]) {
        const token = parseJws(tokenOf({ alg }, {}, signer));
        assert.equal(token !== undefined && isSignedBy(token, keys), false, alg);
      }
    }
  });

  it("are not right without the zero byte that they begin with", () => {
    const keys = [{ key: rsa.publicKey }];
    const signer = (signed: Buffer) => sign("sha256", signed, { key: rsa.privateKey, ...pss });
    let token: ReturnType<typeof parseJws>;
    do token = parseJws(tokenOf({ alg: "PS256" }, {}, signer));
    while (token?.signature[0] !== 0);
    assert.equal(isSignedBy(token, keys), true);
    assert.equal(isSignedBy({ ...token, signature: token.signature.subarray(1) }, keys), false);
  });

  it("are not right by RSA keys that are too short", () => {
    const token = parseJws(tokenOf({ alg: "RS256" }, {}, (signed) => sign("sha256", signed, weak.privateKey)));
    assert.equal(isSignedBy(token!, [{ key: weak.publicKey }]), false);
  });
});

describe("tokens", () => {
  const none = () => Buffer.alloc(0);

  it("are none when they are malformed, ambiguous, too long, or want what is not understood", () => {
    const good = tokenOf({ alg: "RS256" }, {}, none);
    assert.ok(parseJws(good) !== undefined);
    const duplicate = `${part({ alg: "RS256" })}.${Buffer.from('{"sub":"a","sub":"b"}').toString("base64url")}.`;
    const bad = ["", "a", "a.b", "x.y.z", `${good}.x`, `=${good}`, good.replace(".", " ."), duplicate];
    const wrong = [{ alg: "RS256", crit: ["exp"] }, { alg: "RS256", b64: false }, { alg: 5 }, {}].map((header) =>
      tokenOf(header, {}, none),
    );
    const notObjects = [
      `${part([])}.${part({})}.`,
      `${part({ alg: "RS256" })}.${part([])}.`,
      `${part(null)}.${part({})}.`,
    ];
    for (const text of [...bad, ...wrong, ...notObjects]) assert.equal(parseJws(text), undefined, text);
    const max = limits.jwtChars.value;
    assert.ok(parseJws(`${good}${"A".repeat(max - good.length)}`) !== undefined);
    assert.equal(parseJws(`${good}${"A".repeat(max - good.length + 1)}`), undefined);
  });
});

describe("keys of tokens", () => {
  it("are those of a set that sign and are public", () => {
    const jwk = rsa.publicKey.export({ format: "jwk" });
    const set = (keys: unknown) => parseJwks(JSON.stringify({ keys }));
    assert.equal(set([{ ...jwk, kid: "a", alg: "RS256", use: "sig" }])?.length, 1);
    assert.deepEqual(
      set([
        { ...jwk, use: "enc" },
        { ...jwk, n: 5 },
        { kty: "oct", k: "AAAA" },
        rsa.privateKey.export({ format: "jwk" }),
        null,
        "x",
        5,
      ]),
      [],
    );
    for (const text of ["", "[]", "{}", '{"keys":{}}', "null"]) assert.equal(parseJwks(text), undefined);
    const max = limits.jwksKeys.value;
    assert.equal(set(Array(max + 1).fill(jwk))?.length, max);
  });

  it("are public keys in PEM, and those of certificates", () => {
    const pem = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
    assert.ok(parsePublicKeyPem(pem) !== undefined);
    const secret = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    for (const text of ["", "x", secret, pem.replace("MII", "AAA")]) assert.equal(parsePublicKeyPem(text), undefined);
  });
});
