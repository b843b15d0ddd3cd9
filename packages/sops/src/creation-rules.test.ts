import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { creationRule } from "./creation-rules.ts";
import { recipientName } from "./recipients.ts";

const arn = (id: string) => `arn:aws:kms:us-east-1:000000000000:key/${id}`;
const rules = `
creation_rules:
  - path_regex: ^prod/.*\\.yaml$
    kms: ${arn("a")}, ${arn("b")}+arn:aws:iam::000000000000:role/sops
    hc_vault_transit_uri: [http://127.0.0.1:8200/v1/transit/keys/files]
    encrypted_regex: ^(data|stringData)$
    mac_only_encrypted: true
  - path_regex: groups
    shamir_threshold: 2
    key_groups:
      - kms: [{ arn: "${arn("c")}", context: { app: shop }, aws_profile: work }]
      - hc_vault: [http://127.0.0.1:8200/v1/team/transit/keys/files]
  - path_regex: foreign
    age: age1qqqq
  - path_regex: two
    kms: ${arn("a")}
    encrypted_regex: a
    unencrypted_suffix: b
  - path_regex: none
  - kms: ${arn("last")}
`;

describe("creation rules", () => {
  it("the first that matches holds, with its keys and its rule", () => {
    const rule = creationRule(rules, "prod/db.yaml");
    assert.deepEqual(
      rule.groups.map((group) => group.map(recipientName)),
      [[arn("a"), `${arn("b")}+arn:aws:iam::000000000000:role/sops`, "http://127.0.0.1:8200/v1/transit/keys/files"]],
    );
    assert.deepEqual(rule.rule, { name: "encrypted_regex", pattern: "^(data|stringData)$" });
    assert.equal(rule.macOnlyEncrypted, true);
    assert.deepEqual(
      creationRule(rules, "dev/prod/x.json").groups.map((group) => group.map(recipientName)),
      [[arn("last")]],
    );
  });

  it("groups, with how many it takes", () => {
    const rule = creationRule(rules, "groups.yaml");
    assert.deepEqual(
      rule.groups.map((group) => group.map(recipientName)),
      [[`${arn("c")}|app:shop|work`], ["http://127.0.0.1:8200/v1/team/transit/keys/files"]],
    );
    assert.equal(rule.shamirThreshold, 2);
  });

  it("says what it cannot use", () => {
    const refused: [string, string, RegExp][] = [
      [rules, "foreign.yaml", /age keys; only KMS and Vault Transit/],
      [rules, "two.yaml", /unencrypted_suffix and encrypted_regex: leave one/],
      [rules, "none.yaml", /names no keys/],
      ["creation_rules: [{path_regex: x, kms: y}]", "abc", /No creation rule .* matches abc/],
      ["creation_rules: [{path_regex: '(', kms: y}]", "abc", /RE2's syntax/],
      ["a: [", "abc", /is not YAML/],
      ["stores: {}", "abc", /no list of creation_rules/],
      ["creation_rules: [{kms: 7}]", "abc", /kms is not a text/],
      ["creation_rules: [{kms: nothing}]", "abc", /not the ARN/],
    ];
    for (const [text, path, message] of refused) assert.throws(() => creationRule(text, path), { message });
  });
});
