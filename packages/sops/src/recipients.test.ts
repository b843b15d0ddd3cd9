import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { canonicalText } from "./canonical-text.ts";
import { unwrapDataKey } from "./data-key.ts";
import { parseMetadata } from "./metadata.ts";
import { parseRecipient, recipientName } from "./recipients.ts";

describe("what a file says of its recipients", () => {
  // With backtracking, each of these takes hours.
  const run = 2_000_000;

  it("is read in linear time, however many slashes and bars there are", () => {
    const slashes = `${"/".repeat(run)}x`;
    const entry = {
      vault_address: `http://v${slashes}//`,
      engine_path: `a${slashes}/`,
      key_name: "k",
      enc: "",
      created_at: "",
    };
    const recipient = parseRecipient("hc_vault", entry);
    assert.ok(recipient.type === "hc_vault");
    assert.equal(recipient.address, `http://v${slashes}`);
    assert.equal(recipient.mount, `a${slashes}`);
    const name = recipientName({ type: "kms", arn: "arn", context: { [`${"|".repeat(run)}a`]: "b" } });
    assert.equal(name.length, "arn|".length + run + "a:b".length);
  });

  it("and so are numbers", () => {
    assert.equal(canonicalText("float", `${"1".repeat(run)}x`), undefined);
    assert.deepEqual(
      ["1.", ".5", "1.5e3", "2", "."].map((text) => canonicalText("float", text)),
      ["1", "0.5", "1500", "2", undefined],
    );
  });

  it("is refused where a map or list stands for a text", () => {
    const malformed = { code: "MessageMalformed" };
    const map = Object.assign(Object.create(null), { b: "c" });
    const kms = { arn: "arn", enc: "", created_at: "" };
    assert.throws(() => parseRecipient("kms", { ...kms, context: { a: map } }), malformed);
    assert.throws(() => recipientName(parseRecipient("age", { recipient: map })), malformed);
    const sops = { lastmodified: "2026-11-23T10:00:00Z", kms: [kms] };
    assert.equal(parseMetadata(sops).macOnlyEncrypted, false);
    assert.equal(parseMetadata({ ...sops, mac_only_encrypted: true }).macOnlyEncrypted, true);
    assert.throws(() => parseMetadata({ ...sops, mac_only_encrypted: map }), malformed);
    assert.throws(() => parseMetadata({ ...sops, shamir_threshold: map }), malformed);
  });

  it("cannot ask for a threshold that no sharing has", async () => {
    const group = [parseRecipient("kms", { arn: "arn", enc: "", created_at: "" })];
    const groups = { groups: [group, group], shamirThreshold: 1 };
    await assert.rejects(unwrapDataKey(groups, {}), { code: "InvalidInput" });
  });
});
