import assert from "node:assert/strict";
import { argon2Sync, hkdfSync } from "node:crypto";
import { describe, it } from "node:test";
import type { KmsClient } from "@coffer/envelope";
import { MessagingError, type MessagingErrorCode } from "../errors.ts";
import { cofferKey, passphraseKey, rawKey, type VaultKeySource, withPassphrase } from "./vault-keys.ts";

const owner = { userId: "alice", deviceId: "phone", protocol: "olm" } as const;
const passphrase = "corréct horse";

function failsAs(code: MessagingErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof MessagingError && error.code === code;
}

/** RFC 9106, section 4, second recommended option, by OpenSSL. */
const native = (salt: Uint8Array) =>
  argon2Sync("argon2id", {
    message: Buffer.from(passphrase.normalize("NFC")),
    nonce: salt,
    parallelism: 4,
    tagLength: 32,
    memory: 65_536,
    passes: 3,
  });

describe("keys of vaults", () => {
  it("of passphrases are Argon2id's, mixed in by HKDF, however the letters are composed", async () => {
    const outer = new Uint8Array(32).fill(5);
    const source = withPassphrase(rawKey(outer), passphrase.normalize("NFD"));
    const { key, stored } = await source.create(owner);
    const { inner } = stored as { readonly inner: { readonly salt: string } };
    const stretched = native(Buffer.from(inner.salt, "base64"));
    const both = Buffer.concat([outer, stretched]);
    const expected = new Uint8Array(hkdfSync("sha256", both, Buffer.alloc(32), "coffer vault key 1", 32));
    assert.deepEqual(new Uint8Array(key), expected);
    assert.deepEqual(outer, new Uint8Array(32).fill(5), "the program's own key stays as it is");
    const alone = await passphraseKey(passphrase).open(owner, inner);
    assert.deepEqual(Buffer.from(alone), Buffer.from(stretched));
  });

  it("do not open from what is damaged", async () => {
    const client = {
      generateDataKey: () => Promise.reject(new Error("not asked")),
      decrypt: () => Promise.reject(new Error("not asked")),
    } as unknown as KmsClient;
    const sources: VaultKeySource[] = [passphraseKey("x"), cofferKey({ client, keyId: "k" })];
    const damaged = [undefined, null, 1, "x", [], {}, { salt: "", wrapped: "" }, { salt: "AAAA", wrapped: "!" }];
    for (const source of sources) {
      for (const stored of damaged) await assert.rejects(source.open(owner, stored), failsAs("VaultUnreadable"));
    }
  });

  it("of a key server are taken over, and not left behind", async () => {
    const plaintext = new Uint8Array(32).fill(9);
    const answer = { Plaintext: plaintext, CiphertextBlob: Uint8Array.of(1, 2, 3) };
    const client = { generateDataKey: async () => answer, decrypt: async () => answer } as unknown as KmsClient;
    const { key, stored } = await cofferKey({ client, keyId: "k" }).create(owner);
    assert.deepEqual(key, new Uint8Array(32).fill(9));
    assert.deepEqual(plaintext, new Uint8Array(32));
    assert.deepEqual(stored, { wrapped: "AQID" });
    answer.Plaintext = new Uint8Array(31);
    await assert.rejects(cofferKey({ client, keyId: "k" }).open(owner, stored), failsAs("VaultUnreadable"));
  });
});
