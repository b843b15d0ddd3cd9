import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { randomBytes, safetyNumber } from "@coffer/messaging";
import { Fingerprint, PublicKey } from "@signalapp/libsignal-client";

describe("safety numbers beside libsignal's", () => {
  it("have its digits, for the same ids and keys", () => {
    const names = ["alice", "@bob:example.org", "carol+home@example.org", "d".repeat(128)];
    for (const [n, local] of names.entries()) {
      const remote = names[(n + 1) % names.length]!;
      const [localKey, remoteKey] = [randomBytes(32), randomBytes(32)];
      const typed = (key: Uint8Array) => PublicKey.deserialize(Uint8Array.of(5, ...key));
      const [localId, remoteId] = [local, remote].map((name) => new TextEncoder().encode(name));
      const theirs = Fingerprint.new(5200, 2, localId!, typed(localKey), remoteId!, typed(remoteKey));
      const own = { userId: local, accountKey: localKey.toBase64() };
      const other = { userId: remote, accountKey: remoteKey.toBase64() };
      assert.equal(safetyNumber(own, other).digits.replaceAll(" ", ""), theirs.displayableFingerprint().toString());
      assert.equal(safetyNumber(other, own).digits, safetyNumber(own, other).digits);
    }
  });
});
