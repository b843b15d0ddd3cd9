/**
 * Writes vectors/sops/files.json: files that the real `sops` encrypted for keys of a Coffer server made for this, and what
 * the server unwraps of them: `bin/node tools/record-sops-files.ts`. Each run makes others.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { kmsClient, transitClient } from "@coffer/envelope";
import { type ConfigFormat, jsonFormat, type Recipient, readMetadata, yamlFormat } from "@coffer/sops";
import { SopsBench } from "../apps/server/test/sops-program.ts";

const everyType =
  "s: text\ni: 42\nbig: 9223372036854775807\nf: 1.5\nbool: true\nno: null\nempty: ''\nt: 2026-11-23T10:00:00Z\nu: \"ü😀\\n\"\nblock: |\n    one\n    two\nl:\n    - x\n    - [1, {m: y}]\n";

/** What is encrypted, by which rule. */
const cases: readonly (readonly [string, ConfigFormat, string, object])[] = [
  ["every type", yamlFormat, everyType, {}],
  [
    "comments",
    yamlFormat,
    "# top\n\na: 1 # line\n# head\nb:\n    # inner\n    c: 2\n    # last\nl:\n    - x\n    # in a list\n    - z\n",
    {},
  ],
  ["documents", yamlFormat, "a: 1\n---\nb: 2\n", {}],
  ["a rule by names", yamlFormat, "a: 1\npassword: x\n", { encrypted_regex: "^pass" }],
  ["a rule by comments", yamlFormat, "a: 1\n# sops:enc\nb: x\n", { encrypted_comment_regex: "sops:enc" }],
  ["a MAC over encrypted values", yamlFormat, "a_unencrypted: 1\nb: x\n", { mac_only_encrypted: true }],
  ["every type", jsonFormat, '{\n\t"s": "text",\n\t"i": 42,\n\t"f": 1.5,\n\t"b": [true, null, ""]\n}\n', {}],
];

const bench = await SopsBench.start();
const files: object[] = [];
const [first, second] = bench.arns;
const vault = `${bench.server.vaultUrl}/v1/transit/keys/first`;
for (const [name, format, plain, rule] of cases) {
  files.push(await record(name, format, plain, { ...rule, kms: first, hc_vault_transit_uri: vault }));
}
const groups = [{ kms: [{ arn: first }] }, { kms: [{ arn: second }] }, { hc_vault: [vault] }];
files.push(await record("key groups", yamlFormat, "a: 1\n", { shamir_threshold: 2, key_groups: groups }));
mkdirSync(new URL("../vectors/sops", import.meta.url), { recursive: true });
const head = { sops: "3.13.3", made: new Date().toISOString().slice(0, 10) };
writeFileSync(
  new URL("../vectors/sops/files.json", import.meta.url),
  `${JSON.stringify({ ...head, files }, undefined, 1)}\n`,
);
await bench.stop();

async function record(name: string, format: ConfigFormat, plain: string, rule: object): Promise<object> {
  bench.write(`plain.${format.name}`, plain);
  bench.write("rules.yaml", JSON.stringify({ creation_rules: [rule] }));
  const encrypted = await bench.ok("--config", "rules.yaml", "encrypt", `plain.${format.name}`);
  const recipients = readMetadata(format.parse(encrypted)).groups.flat();
  const keys = await Promise.all(
    recipients.map(async (recipient) => [wrappedOf(recipient), await unwrapped(recipient)]),
  );
  return { name, format: format.name, plain, encrypted, unwrappedHex: Object.fromEntries(keys) };
}

function wrappedOf(recipient: Recipient): string {
  return "wrapped" in recipient ? (recipient.wrapped ?? "") : "";
}

async function unwrapped(recipient: Recipient): Promise<string> {
  const { url, vaultUrl, credentials } = bench.server;
  if (recipient.type === "kms") {
    const client = kmsClient({ endpoint: url, region: "us-east-1", credentials });
    const { Plaintext } = await client.decrypt({
      KeyId: recipient.arn,
      CiphertextBlob: Buffer.from(wrappedOf(recipient), "base64"),
    });
    return Buffer.from(Plaintext ?? []).toString("hex");
  }
  const client = transitClient({ address: vaultUrl, token: credentials.token });
  const { plaintext } = await client.decrypt({ key: "first", ciphertext: wrappedOf(recipient) });
  return Buffer.from(plaintext).toString("hex");
}
