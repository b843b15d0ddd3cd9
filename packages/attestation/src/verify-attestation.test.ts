import assert from "node:assert/strict";
import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { type DocumentChanges, type HardwareChanges, IndefiniteCbor, NitroHardware } from "@coffer/testkit";
import { AttestationError } from "./attestation-error.ts";
import { documentLimits } from "./limits.ts";
import { awsNitroRoot, parseRoots } from "./roots.ts";
import { parseRecipientKey, verifyAttestation } from "./verify-attestation.ts";

const nowMs = Date.UTC(2026, 0, 1);
const minuteMs = 60_000;
const dayMs = 86_400_000;

describe("attestation documents", () => {
  let hardware: NitroHardware;
  let roots: readonly Uint8Array[];

  before(() => {
    hardware = new NitroHardware(nowMs);
    roots = parseRoots(hardware.rootPem);
  });

  async function refused(document: Uint8Array, reason: RegExp, trusted = roots, atMs = nowMs): Promise<void> {
    await assert.rejects(verifyAttestation(document, trusted, atMs), (error: unknown) => {
      assert.ok(error instanceof AttestationError, String(error));
      assert.match(error.message, reason);
      return true;
    });
  }

  const refusedPayload = (payload: DocumentChanges["payload"], reason: RegExp) =>
    refused(hardware.document(nowMs, { payload: payload ?? {} }), reason);

  it("verifies a sound one, tagged or not, with members of known length or not", async () => {
    const payload = hardware.payload(nowMs);
    const changes: DocumentChanges[] = [
      {},
      { tagged: true },
      { payload: { pcrs: new IndefiniteCbor(payload["pcrs"] as Map<unknown, unknown>) } },
      { payload: { cabundle: new IndefiniteCbor(payload["cabundle"] as unknown[]) } },
      { payload: { user_data: undefined, nonce: undefined } },
      { payload: { user_data: Buffer.alloc(512), nonce: Buffer.alloc(0) } },
    ];
    for (const change of changes) {
      const attestation = await verifyAttestation(hardware.document(nowMs, change), roots, nowMs);
      assert.equal(attestation.kind, "enclave");
      assert.equal(attestation.moduleId, payload["module_id"]);
      assert.deepEqual([...attestation.pcrs.keys()], [0, 1, 2, 3, 4, 8]);
      assert.equal(attestation.pcrs.get(4), "14".repeat(48));
      assert.ok(createPublicKey(hardware.privateKey).equals(parseRecipientKey(attestation)));
    }
  });

  it("tells a NitroTPM from an enclave by its registers", async () => {
    const registers = new Map([[4, NitroHardware.pcr(4)]]);
    const document = hardware.document(nowMs, { payload: { pcrs: undefined, nitrotpm_pcrs: registers } });
    const { kind, pcrs } = await verifyAttestation(document, roots, nowMs);
    assert.deepEqual([kind, [...pcrs.keys()]], ["nitroTpm", [4]]);
    await refusedPayload({ nitrotpm_pcrs: registers }, /PCRs/);
  });

  it("refuses every field that is missing, null, of another type or length", async () => {
    const bytes = (length: number) => Buffer.alloc(length);
    const pcr = bytes(48);
    const many = new Map(Array.from({ length: 33 }, (_, index) => [index, pcr]));
    const wrong: Record<string, readonly unknown[]> = {
      module_id: [undefined, null, "", 7, bytes(4), "x".repeat(257)],
      digest: [undefined, null, "SHA256", "sha384", 384],
      timestamp: [undefined, null, 0, -1, "1"],
      pcrs: [
        undefined,
        null,
        new Map(),
        [pcr],
        new Map([[32, pcr]]),
        new Map([[-1, pcr]]),
        new Map([["0", pcr]]),
        new Map([[0, "x".repeat(48)]]),
        new Map([[0, bytes(47)]]),
        new Map([[0, bytes(0)]]),
        many,
      ],
      certificate: [undefined, null, bytes(0), bytes(1025), bytes(100), "x"],
      cabundle: [
        undefined,
        null,
        [],
        hardware.root.der,
        [bytes(0)],
        [bytes(1025)],
        [null],
        Array(documentLimits.bundleCertificates + 1).fill(hardware.root.der),
      ],
      public_key: [bytes(0), bytes(1025), "x"],
      user_data: [bytes(513), "x"],
      nonce: [bytes(513), "x"],
      unknown: [1],
    };
    for (const [field, values] of Object.entries(wrong)) {
      for (const value of values) await refusedPayload({ [field]: value }, /^(The|A) .*(attestation document)/);
    }
  });

  it("refuses another shape of message or another algorithm", async () => {
    const shapes: DocumentChanges[] = [
      { protectedHeader: new Map([[1, -7]]) },
      { protectedHeader: new Map() },
      {
        protectedHeader: new Map([
          [1, -35],
          [4, 1],
        ]),
      },
      { protectedHeader: 7 },
      { unprotected: new Map([[1, -35]]) },
      { tamper: (parts) => parts.slice(0, 3) },
      { tamper: (parts) => [...parts, 1] },
      { tamper: (parts) => new Map([[1, parts]]) },
      { tamper: ([header, unprotected, , signature]) => [header, unprotected, null, signature] },
      { tamper: ([header, unprotected, payload]) => [header, unprotected, payload, Buffer.alloc(64)] },
      { tamper: ([header, unprotected, , signature]) => [header, unprotected, Buffer.alloc(0), signature] },
    ];
    for (const change of shapes) await refused(hardware.document(nowMs, change), /COSE_Sign1|CBOR/);
    await refused(Buffer.alloc(20_000), /too large/);
    await refused(Buffer.alloc(0), /CBOR/);
    await refused(Buffer.concat([hardware.document(nowMs), Buffer.alloc(1)]), /CBOR/);
    await refused(hardware.document(nowMs, { rawPayload: Buffer.of(0x80) }), /not a map/);
  });

  it("refuses what the enclave's certificate did not sign", async () => {
    const document = hardware.document(nowMs);
    const at = document.indexOf("i-0123456789");
    document[at] = 0x6a;
    await refused(document, /signature/);
    await refused(hardware.document(nowMs, { signer: hardware.intermediate }), /signature/);
    const other = new NitroHardware(nowMs);
    await refused(hardware.document(nowMs, { payload: { certificate: other.enclave.der } }), /no chain/);
    const flipped = hardware.document(nowMs);
    flipped[flipped.length - 1]! ^= 1;
    await refused(flipped, /signature/);
  });

  it("refuses a root that nobody trusts", async () => {
    await refused(hardware.document(nowMs), /trusted root/, [awsNitroRoot]);
    await refused(hardware.document(nowMs), /trusted root/, []);
    const { root, intermediate } = hardware;
    await refusedPayload({ cabundle: [intermediate.der, root.der] }, /trusted root/);
    // A root of the same name whose key signed nothing here.
    const twin = new NitroHardware(nowMs);
    const mixed = hardware.document(nowMs, { payload: { cabundle: [twin.root.der, intermediate.der] } });
    await refused(mixed, /no chain/, parseRoots(twin.rootPem));
  });

  it("refuses a document that is too old, or made too far ahead", async () => {
    const document = hardware.document(nowMs);
    for (const atMs of [nowMs - 5 * minuteMs, nowMs + 5 * minuteMs]) await verifyAttestation(document, roots, atMs);
    for (const atMs of [nowMs - 5 * minuteMs - 1, nowMs + 5 * minuteMs + 1])
      await refused(document, /expired/, roots, atMs);
  });

  it("refuses certificates out of their time, each of them", async () => {
    for (const which of ["root", "intermediate", "enclave"] as const) {
      for (const change of [
        { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs - 1000 },
        { notBeforeMs: nowMs + 1000, notAfterMs: nowMs + dayMs },
      ]) {
        await refusedHardware({ [which]: change }, /certificate .* expired/);
      }
    }
  });

  it("refuses certificates that may not do what they do", async () => {
    const wrong: readonly (readonly [HardwareChanges, RegExp])[] = [
      [{ intermediate: { isCa: false } }, /may not issue/],
      [{ intermediate: { keyUsage: 0x80 } }, /may not issue/],
      [{ root: { maxPathLength: 0 } }, /may not issue/],
      [{ enclave: { isCa: true } }, /may not sign/],
      [{ enclave: { keyUsage: 0x04 } }, /may not sign/],
      [{ enclave: { maxPathLength: 0 } }, /may not sign/],
      [{ enclave: { hash: "sha256" } }, /P-384 and SHA-384/],
      [{ intermediate: { hash: "sha256" } }, /P-384 and SHA-384/],
      [{ intermediate: { curve: "P-256" } }, /P-384 and SHA-384/],
      [{ intermediate: { unknownCritical: true } }, /critical extension/],
      [{ enclave: { doubledKeyUsage: true } }, /malformed/],
      [{ enclave: { issuerName: "root" } }, /no chain/],
      [{ enclave: { issuer: new NitroHardware(nowMs).intermediate } }, /no chain/],
    ];
    for (const [changes, reason] of wrong) await refusedHardware(changes, reason);
  });

  async function refusedHardware(changes: HardwareChanges, reason: RegExp): Promise<void> {
    const changed = new NitroHardware(nowMs, changes);
    await refused(changed.document(nowMs), reason, [changed.root.der]);
  }

  it("refuses a key that answers cannot be encrypted to", () => {
    const spki = (modulusLength: number, publicExponent = 65_537) =>
      generateKeyPairSync("rsa", { modulusLength, publicExponent }).publicKey.export({ type: "spki", format: "der" });
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "der" });
    const pss = generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey;
    const n = Buffer.alloc(4104 / 8, 0xff).toString("base64url");
    const large = createPublicKey({ key: { kty: "RSA", n, e: "AQAB" }, format: "jwk" });
    const others = [pss, large].map((key) => key.export({ type: "spki", format: "der" }));
    for (const publicKey of [undefined, Buffer.alloc(32), spki(1024), spki(2048, 3), ec, ...others]) {
      assert.throws(() => parseRecipientKey({ publicKey }), AttestationError);
    }
    assert.equal(parseRecipientKey({ publicKey: hardware.publicKey }).asymmetricKeyType, "rsa");
  });

  it("reads the roots that an operator trusts, and nothing else", () => {
    assert.equal(parseRoots(`${hardware.rootPem}\n${hardware.rootPem}`).length, 2);
    const leaf = hardware.enclave.der.toString("base64");
    for (const pem of ["", "x", `-----BEGIN CERTIFICATE-----\n${leaf}\n-----END CERTIFICATE-----`]) {
      assert.throws(() => parseRoots(pem), AttestationError);
    }
  });
});

describe("documents of AWS's own hardware", () => {
  const document = Buffer.from(
    readFileSync(new URL("../../../vectors/nitro/attestation-document.txt", import.meta.url), "utf8"),
    "base64",
  );
  const madeAtMs = 1_695_049_410_860;

  it("the pinned root has the fingerprint that AWS publishes", () => {
    const fingerprint = "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b";
    assert.equal(createHash("sha256").update(awsNitroRoot).digest("hex"), fingerprint);
  });

  it("verifies one of 2023 at its own time", async () => {
    const attestation = await verifyAttestation(document, [awsNitroRoot], madeAtMs);
    assert.equal(attestation.moduleId, "i-0918f6c55e3b61d89-enc018aa8b8e2285d13");
    assert.equal(attestation.pcrs.size, 16);
    assert.equal(attestation.publicKey, undefined);
  });

  it("refuses it at any other, and with any bit of its message changed", async () => {
    await assert.rejects(verifyAttestation(document, [awsNitroRoot], Date.UTC(2026, 0, 1)), AttestationError);
    for (let index = 0; index < document.length; index += 97) {
      const changed = Buffer.from(document);
      changed[index]! ^= 1;
      await assert.rejects(verifyAttestation(changed, [awsNitroRoot], madeAtMs), AttestationError, String(index));
    }
  });
});
