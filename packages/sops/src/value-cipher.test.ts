import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PlaintextDataKey } from "@coffer/envelope";
import fc from "fast-check";
import { bytesOfLeaf, leafOfBytes } from "./leaf-bytes.ts";
import { isEncrypted, ValueCipher } from "./value-cipher.ts";

const cipher = new ValueCipher(PlaintextDataKey.takeFrom(new Uint8Array(32).fill(7)));

describe("the value cipher", () => {
  it("gives back what it took, under the same binding alone", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.string(), fc.string(), (bytes, boundTo, other) => {
        const sealed = cipher.seal({ kind: "str", bytes: Buffer.from(bytes) }, boundTo);
        assert.ok(isEncrypted(sealed));
        assert.deepEqual(cipher.open(sealed, boundTo), { kind: "str", bytes: Buffer.from(bytes) });
        if (other !== boundTo) assert.equal(cipher.open(sealed, other), undefined);
      }),
    );
  });

  it("refuses a changed character anywhere but in the type, which the MAC does not need", () => {
    const sealed = cipher.seal({ kind: "int", bytes: Buffer.from("12345678901234567") }, "a:");
    for (let index = 0; index < sealed.indexOf(",type:"); index++) {
      const other = sealed[index] === "A" ? "B" : "A";
      const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
      const opened = cipher.open(changed, "a:");
      // Unused bits of the last character before the padding: another text of the same bytes.
      if (opened !== undefined) assert.match(sealed.slice(index + 1), /^=/);
    }
  });

  it("leaves nothing as nothing, as SOPS does", () => {
    assert.equal(cipher.seal({ kind: "str", bytes: Buffer.alloc(0) }, "a:"), "");
    assert.deepEqual(cipher.open("", "a:"), { kind: "str", bytes: Buffer.alloc(0) });
  });

  it("refuses text that is no ciphertext of SOPS", () => {
    const sealed = cipher.seal({ kind: "str", bytes: Buffer.from("x") }, "a:");
    const shortTag = sealed.replace(/tag:[^,]+/, `tag:${Buffer.alloc(12).toString("base64")}`);
    for (const text of ["x", "ENC[]", ` ${sealed}`, `${sealed} `, sealed.replace("type:str", "type:map"), shortTag]) {
      assert.equal(cipher.open(text, "a:"), undefined);
    }
  });

  it("draws another IV each time", () => {
    const value = { kind: "str", bytes: Buffer.from("x") } as const;
    assert.notEqual(cipher.seal(value, "a:"), cipher.seal(value, "a:"));
  });

  it("takes no key of another length", () => {
    assert.throws(() => new ValueCipher(PlaintextDataKey.takeFrom(new Uint8Array(16))), { code: "DecryptionFailed" });
  });
});

describe("a leaf's bytes", () => {
  it("are UTF-8 for text, and one a character for what is no text", () => {
    const bytes = Buffer.from([0xff, 0x00, 0x80]);
    const leaf = leafOfBytes({ kind: "str", bytes });
    assert.deepEqual(leaf, { kind: "bytes", text: "\u00ff\u0000\u0080" });
    assert.deepEqual(bytesOfLeaf(leaf), bytes);
    assert.deepEqual(leafOfBytes({ kind: "bytes", bytes: Buffer.from("ä") }), { kind: "str", text: "ä" });
    assert.deepEqual(bytesOfLeaf({ kind: "str", text: "ä" }), Buffer.from("ä"));
  });
});
