import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type KeyUpload, MessagingError, memoryVault, randomBytes, safetyNumber } from "@coffer/messaging";
import { checkKeyUpload, verifyXeddsa } from "@coffer/messaging/prekeys";
import { Fingerprint, PrivateKey, PublicKey } from "@signalapp/libsignal-client";
import { signal } from "../src/index.ts";

const refused = (error: unknown) => error instanceof MessagingError && error.code === "BundleRefused";

/** libsignal's numbers of what the core, and with it the relay, checks without libsignal. */
describe("signal: what the core checks without libsignal", () => {
  it("XEdDSA: takes libsignal's signatures, and what libsignal refuses it refuses", () => {
    for (let n = 0; n < 100; n++) {
      const key = PrivateKey.generate();
      const publicKey = key.getPublicKey();
      const message = randomBytes(n * 17);
      const signature = key.sign(message);
      const raw = publicKey.getPublicKeyBytes();
      assert.equal(verifyXeddsa(raw, message, signature), true);
      const changed = signature.slice();
      changed[n % 64]! ^= 1 << (n % 8);
      assert.equal(verifyXeddsa(raw, message, changed), publicKey.verify(message, changed), `bit ${n}`);
      assert.equal(verifyXeddsa(raw, new Uint8Array([...message, 1]), signature), false);
      assert.equal(verifyXeddsa(PrivateKey.generate().getPublicKey().getPublicKeyBytes(), message, signature), false);
    }
  });

  it("uploads: takes what this package publishes, and nothing of another identity", async () => {
    const uploads = async (): Promise<KeyUpload[]> => {
      const vault = memoryVault();
      return vault.transact(async (state) => {
        const device = await signal({ oneTimeKeys: 2 }).open({ userId: "alice", deviceId: "one" }, state);
        const published = await device.publish(state, undefined);
        const more = await device.publish(state, { preKey: 0, kyberPreKey: 0 });
        return [published!, more!, (await device.rotateKeys(state))!];
      });
    };
    const [own, other] = [await uploads(), await uploads()];
    for (const [n, upload] of own.entries()) {
      checkKeyUpload("signal", upload.identityKey, upload);
      const { identityKey } = other[n]!;
      assert.throws(() => checkKeyUpload("signal", identityKey, { ...upload, identityKey }), refused);
      for (const [name, set] of Object.entries(upload.sets)) {
        const foreign = other[n]!.sets[name]!;
        if ((foreign.lastResort ?? foreign.oneTime[0])?.signature === undefined) continue;
        const swapped = { ...upload, sets: { ...upload.sets, [name]: foreign } };
        assert.throws(() => checkKeyUpload("signal", upload.identityKey, swapped), refused, name);
        assert.ok(set !== foreign);
      }
    }
  });

  it("safety numbers: the digits are libsignal's", () => {
    const octets = (text: string) => new Uint8Array(new TextEncoder().encode(text));
    for (let n = 0; n < 3; n++) {
      // Both libraries take the octets of the key as they are; as points they are never used here.
      const [alice, bob] = ["alice@example.org", "@bob:example.org"].map((userId) => {
        const accountKey = PrivateKey.generate().getPublicKey().getPublicKeyBytes();
        return { userId, accountKey: accountKey.toBase64(), typed: new Uint8Array([5, ...accountKey]) };
      }) as [Account, Account];
      const [own, other] = [PublicKey.deserialize(alice.typed), PublicKey.deserialize(bob.typed)];
      const fingerprint = Fingerprint.new(5200, 2, octets(alice.userId), own, octets(bob.userId), other);
      const digits = fingerprint.displayableFingerprint().toString();
      assert.equal(safetyNumber(alice, bob).digits.replaceAll(" ", ""), digits);
      assert.equal(safetyNumber(bob, alice).digits.replaceAll(" ", ""), digits);
    }
  });
});

interface Account {
  readonly userId: string;
  readonly accountKey: string;
  readonly typed: Uint8Array<ArrayBuffer>;
}
