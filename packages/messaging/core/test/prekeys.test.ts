import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type KeyUpload, MessagingError, type ProtocolId, type PublicPreKey } from "@coffer/messaging";
import { checkKeyUpload, mlsSet, olmSet, signalSets } from "@coffer/messaging/prekeys";

const owner = { userId: "bob@example.org", deviceId: "one" };
const { uploads } = JSON.parse(readFileSync(new URL("./vectors/published-keys.json", import.meta.url), "utf8")) as {
  readonly uploads: Readonly<Record<string, KeyUpload>>;
};

const protocolsOfVectors = [
  ["signal", "signal"],
  ["olm", "olm"],
  ["mls", "mls"],
  ["openpgp", "openpgp-v4"],
  ["openpgp", "openpgp-v6"],
  ["otr", "otr"],
] as const satisfies readonly (readonly [ProtocolId, string])[];

function vector(name: string): KeyUpload {
  return structuredClone(uploads[name]!);
}

function check(protocol: ProtocolId, upload: KeyUpload): void {
  checkKeyUpload(protocol, upload.identityKey, upload, owner);
}

function assertRefused(protocol: ProtocolId, upload: KeyUpload, why = /./): void {
  assert.throws(
    () => check(protocol, upload),
    (error) => error instanceof MessagingError && error.code === "BundleRefused" && why.test(error.message),
  );
}

function withBytes(base64: string, change: (bytes: Uint8Array) => Uint8Array | undefined): string {
  const bytes = Uint8Array.fromBase64(base64);
  return (change(bytes) ?? bytes).toBase64();
}

function flipBit(base64: string, bit: number): string {
  return withBytes(base64, (bytes) => {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    return undefined;
  });
}

/** Adds the order of Ed25519's group to a signature's number: the same number, written another way. */
function addOrder(signature: string): string {
  return withBytes(signature, (bytes) => {
    const sign = bytes[63]! & 0x80;
    let sum = 2n ** 252n + 27742317777372353535851937790883648493n;
    bytes[63]! &= 0x7f;
    for (let at = 32; at < 64; at++) sum += BigInt(bytes[at]!) << BigInt(8 * (at - 32));
    for (let at = 32; at < 64; at++) bytes[at] = Number((sum >> BigInt(8 * (at - 32))) & 0xffn);
    bytes[63]! |= sign;
    return undefined;
  });
}

/** The upload with another key, or none, in the place of one. */
function withKey(upload: KeyUpload, set: string, change: (key: PublicPreKey) => PublicPreKey): KeyUpload {
  const { lastResort, oneTime } = upload.sets[set]!;
  const changed =
    lastResort === undefined ? { oneTime: oneTime.map(change) } : { lastResort: change(lastResort), oneTime };
  return { ...upload, sets: { ...upload.sets, [set]: changed } };
}

const signedSets = [
  ["signal", signalSets.signedPreKey],
  ["signal", signalSets.kyberPreKey],
  ["olm", olmSet],
] as const;

describe("what devices publish", () => {
  for (const [protocol, name] of protocolsOfVectors) {
    it(`is taken as ${name}'s library makes it`, () => {
      check(protocol, vector(name));
      checkKeyUpload(protocol, vector(name).identityKey, vector(name));
    });

    it(`is refused of ${name} with any other identity key`, () => {
      const upload = vector(name);
      const bytes = Uint8Array.fromBase64(upload.identityKey).length;
      for (let at = 0; at < bytes; at++) {
        const identityKey = flipBit(upload.identityKey, 8 * at + (at % 8));
        assertRefused(protocol, { ...upload, identityKey });
        assert.throws(() => checkKeyUpload(protocol, identityKey, upload), /is not the one that the device list names/);
      }
      for (const length of [0, 1, bytes - 1, bytes + 1]) {
        assertRefused(protocol, { ...upload, identityKey: new Uint8Array(length).fill(5).toBase64() });
      }
    });

    it(`is refused of ${name} in a set that it does not have`, () => {
      const upload = vector(name);
      for (const set of ["other", "constructor", "__proto__"]) {
        const sets = Object.fromEntries([...Object.entries(upload.sets), [set, { oneTime: [] }]]);
        assertRefused(protocol, { ...upload, sets }, /set/);
      }
    });
  }

  it("is refused of a protocol that is none", () => {
    assertRefused("constructor" as ProtocolId, vector("signal"), /protocol is unknown/);
  });

  for (const [protocol, set] of signedSets) {
    it(`is refused when a bit of a signature in ${set} is another`, () => {
      for (let bit = 0; bit < 512; bit += protocol === "olm" ? 3 : 1) {
        const changed = withKey(vector(protocol), set, (key) => ({ ...key, signature: flipBit(key.signature!, bit) }));
        assertRefused(protocol, changed, /not signed/);
      }
    });

    it(`is refused when a key in ${set} is another`, () => {
      const { key } = vector(protocol).sets[set]!.lastResort!;
      const bytes = Uint8Array.fromBase64(key).length;
      for (let at = 0; at < bytes; at += Math.ceil(bytes / 64)) {
        assertRefused(
          protocol,
          withKey(vector(protocol), set, (old) => ({ ...old, key: flipBit(old.key, 8 * at + (at % 8)) })),
        );
      }
      for (const length of [0, bytes - 1, bytes + 1]) {
        const other = (old: string) => withBytes(old, (was) => Uint8Array.from({ length }, (_, at) => was[at] ?? 0));
        assertRefused(
          protocol,
          withKey(vector(protocol), set, (old) => ({ ...old, key: other(old.key) })),
        );
      }
    });

    it(`is refused when a signature in ${set} is absent, of another length, or written another way`, () => {
      const changes: ((signature: string) => string | undefined)[] = [
        () => undefined,
        () => "",
        () => "no base64",
        (signature) => withBytes(signature, (bytes) => bytes.slice(0, 63)),
        (signature) => withBytes(signature, (bytes) => Uint8Array.of(...bytes, 0)),
        addOrder,
      ];
      for (const change of changes) {
        const changed = withKey(vector(protocol), set, (key) => ({ ...key, signature: change(key.signature!) }));
        assertRefused(protocol, changed, /not signed/);
      }
    });
  }

  it("is refused when a key is signed for another use of it", () => {
    const { signedPreKey, preKey } = vector("signal").sets;
    const sets = {
      [signalSets.signedPreKey]: {
        oneTime: [],
        lastResort: { ...preKey!.oneTime[0]!, signature: signedPreKey!.lastResort!.signature },
      },
    };
    assertRefused("signal", { ...vector("signal"), sets }, /not signed/);
    const { lastResort, oneTime } = vector("olm").sets[olmSet]!;
    const asOneTime = { [olmSet]: { oneTime: [lastResort!] } };
    assertRefused("olm", { ...vector("olm"), sets: asOneTime }, /not signed/);
    const asFallback = { [olmSet]: { oneTime: [], lastResort: oneTime[0]! } };
    assertRefused("olm", { ...vector("olm"), sets: asFallback }, /not signed/);
  });
});

describe("keys of small order", () => {
  // Each u for which every agreement is zero (RFC 7748, section 6.1), and what equals one of them after a reduction.
  const p = 2n ** 255n - 19n;
  const low = [0n, 1n, p - 1n, p, p + 1n, 325606250916557431795983626356110631294008115727848805560023387167927233504n];

  function littleEndian(value: bigint): Uint8Array {
    return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
  }

  it("are no keys of Signal, signed or not", () => {
    for (const u of low) {
      const key = Uint8Array.of(5, ...littleEndian(u)).toBase64();
      const sets = { [signalSets.preKey]: { oneTime: [{ keyId: "1", key }] } };
      assertRefused("signal", { ...vector("signal"), sets }, /no Curve25519 key/);
      assertRefused("signal", { identityKey: key, sets: {} }, /no Curve25519 key/);
    }
  });

  it("are no keys of Olm, and sign nothing", () => {
    for (const u of low) {
      const key = littleEndian(u).toBase64();
      const sets = { [olmSet]: { oneTime: [{ keyId: "1", key }] } };
      assertRefused("olm", { ...vector("olm"), sets }, /no Curve25519 key/);
    }
    // The neutral element as key and as R, and zero: without the check it is a signature of everything.
    const neutral = Uint8Array.of(1, ...new Uint8Array(31));
    const curveKey = Uint8Array.fromBase64(vector("olm").identityKey).subarray(32);
    const identityKey = Uint8Array.of(...neutral, ...curveKey).toBase64();
    const signature = Uint8Array.of(...neutral, ...new Uint8Array(32)).toBase64();
    const sets = { [olmSet]: { oneTime: [{ keyId: "1", key: curveKey.toBase64(), signature }] } };
    assertRefused("olm", { identityKey, sets }, /not signed/);
  });
});

describe("Olm's device keys", () => {
  const upload = vector("olm");
  const deviceKeys = JSON.parse(upload.details!) as Record<string, Record<string, string>>;
  const withDetails = (details: unknown): KeyUpload => ({
    ...upload,
    details: typeof details === "string" ? details : JSON.stringify(details),
  });

  it("are refused when they are others, or not signed", () => {
    const [curve, other] = [Object.keys(deviceKeys["keys"]!).find((name) => name.startsWith("curve"))!, "A".repeat(43)];
    assertRefused("olm", withDetails({ ...deviceKeys, keys: { ...deviceKeys["keys"], [curve]: other } }), /not those/);
    assertRefused("olm", withDetails({ ...deviceKeys, more: 1 }), /not signed/);
    assertRefused("olm", withDetails({ ...deviceKeys, signatures: {} }), /incomplete/);
    assertRefused("olm", withDetails({ ...deviceKeys, device_id: "OTHER" }), /not those/);
    for (const text of ["", "{", "null", "[]", "1"]) assertRefused("olm", withDetails(text));
  });

  it("may say unsigned things", () => {
    check("olm", withDetails({ ...deviceKeys, unsigned: { device_display_name: "phone" } }));
  });
});

describe("MLS's key packages", () => {
  const upload = vector("mls");
  const keyPackage = Uint8Array.fromBase64(upload.sets[mlsSet]!.lastResort!.key);
  const withPackage = (bytes: Uint8Array): KeyUpload => ({
    ...upload,
    sets: { [mlsSet]: { oneTime: [{ keyId: "1", key: bytes.toBase64() }] } },
  });

  it("are refused when any octet is another", () => {
    for (let at = 0; at < keyPackage.length; at++) {
      const changed = keyPackage.slice();
      changed[at]! ^= 1 << (at % 8);
      assertRefused("mls", withPackage(changed));
    }
  });

  it("are refused when they are cut off, or go on", () => {
    for (let length = 0; length < keyPackage.length; length++) {
      assertRefused("mls", withPackage(keyPackage.slice(0, length)), /malformed/);
    }
    assertRefused("mls", withPackage(Uint8Array.of(...keyPackage, 0)), /malformed/);
  });

  it("are refused of another suite, of another device, and when one signature is another's", () => {
    const ofSuite3 = keyPackage.slice();
    ofSuite3[7] = 3;
    assertRefused("mls", withPackage(ofSuite3), /suite/);
    const check2 = (deviceId: string) => () =>
      checkKeyUpload("mls", upload.identityKey, upload, { ...owner, deviceId });
    assert.doesNotThrow(check2("one"));
    for (const deviceId of ["on", "onee", "two"]) assert.throws(check2(deviceId), /another device's/);
    // The leaf's signature in the place of the package's: a signature is bound to what it is of.
    const swapped = keyPackage.slice();
    const leafSignature = findLeafSignature();
    swapped.set(keyPackage.subarray(leafSignature, leafSignature + 64), keyPackage.length - 64);
    assertRefused("mls", withPackage(swapped), /not signed/);
  });

  /** The leaf's signature stands before the package's extensions, which are none, and the package's own signature. */
  function findLeafSignature(): number {
    const packageSignatureHeader = 2;
    const extensionsHeader = 1;
    return keyPackage.length - 64 - packageSignatureHeader - extensionsHeader - 64;
  }
});

describe("certificates and keys that are known by a fingerprint", () => {
  for (const name of ["openpgp-v4", "openpgp-v6"]) {
    const upload = vector(name);

    it(`are refused of ${name} when the primary key is another`, () => {
      const details = upload.details!;
      const at = details.indexOf("\n\n") + 20;
      const other = details[at] === "A" ? "B" : "A";
      assertRefused("openpgp", { ...upload, details: details.slice(0, at) + other + details.slice(at + 1) });
      const another = vector(name === "openpgp-v4" ? "openpgp-v6" : "openpgp-v4").details;
      assertRefused("openpgp", { ...upload, details: another }, /not of the identity key/);
    });

    it(`are refused of ${name} with anything beside the certificate`, () => {
      for (const details of [
        "",
        "text",
        `x${upload.details}`,
        `${upload.details}x`,
        `${upload.details}${upload.details}`,
      ]) {
        assertRefused("openpgp", { ...upload, details }, /malformed/);
      }
    });

    it(`are refused of ${name} with a secret key among the packets`, () => {
      const base64 = /\n\n([A-Za-z0-9+/\n]+={0,2})\n(?:=.{4}\n)?-/.exec(upload.details!)![1]!.replaceAll("\n", "");
      for (const type of [5, 7]) {
        const bytes = Uint8Array.of(...Uint8Array.fromBase64(base64), 0xc0 | type, 1, 4);
        const details = `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${bytes.toBase64()}\n-----END PGP PUBLIC KEY BLOCK-----\n`;
        assertRefused("openpgp", { ...upload, details }, /secret key/);
      }
    });
  }

  it("are refused of OTR when the key is another, or malformed", () => {
    const upload = vector("otr");
    const bytes = Uint8Array.fromBase64(upload.details!).length;
    for (let at = 0; at < bytes; at++) {
      assertRefused("otr", { ...upload, details: flipBit(upload.details!, 8 * at + (at % 8)) });
    }
    for (const details of ["", "AAA=", upload.identityKey]) assertRefused("otr", { ...upload, details }, /malformed/);
  });
});
