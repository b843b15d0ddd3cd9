import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { AwsCli } from "./aws-cli-client.ts";
import { runProgram } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const aws = component("aws-cli");
const openssl = component("openssl");
const missing = [aws, openssl].find(({ available }) => !available);
const skip = missing === undefined || missing.available ? false : missing.reason;

describe("AWS CLI: asymmetric, imported, multi-Region and shared keys, with openssl on the other side", {
  skip,
}, () => {
  let server: ServerUnderTest;
  let cli: AwsCli;
  before(async () => {
    assert.ok(aws.available);
    server = await ServerUnderTest.start();
    cli = new AwsCli(aws.path, server);
  });
  after(() => server?.kill());

  const bytes = (text: string) => Buffer.from(text, "base64");
  const path = (name: string) => join(cli.folder, name);

  async function runOpenssl(...args: string[]): Promise<string> {
    assert.ok(openssl.available);
    const { status, stdout, stderr } = await runProgram(openssl.path, args, { workingDirectory: cli.folder });
    assert.equal(status, 0, stderr);
    return stdout;
  }

  async function createKey(...args: string[]): Promise<{ KeyId: string; Arn: string }> {
    return (await cli.kms("create-key", ...args)).KeyMetadata;
  }

  it("sign, get-public-key, verify", async () => {
    const { KeyId } = await createKey("--key-spec", "ECC_NIST_P384", "--key-usage", "SIGN_VERIFY");
    const how = ["--key-id", KeyId, "--signing-algorithm", "ECDSA_SHA_384", "--message", cli.file("m", "the message")];
    const { Signature } = await cli.kms("sign", ...how);
    cli.file("public.der", bytes((await cli.kms("get-public-key", "--key-id", KeyId)).PublicKey));
    const signature = cli.file("signature", bytes(Signature));
    const said = await runOpenssl(
      ...["dgst", "-sha384", "-verify", "public.der", "-keyform", "DER", "-signature", "signature", "m"],
    );
    assert.equal(said.trim(), "Verified OK");
    assert.equal((await cli.kms("verify", ...how, "--signature", signature)).SignatureValid, true);
    await cli.refused("DryRunOperationException", ["sign", ...how, "--dry-run"]);
    const changed = bytes(Signature);
    changed[changed.length - 1]! ^= 1;
    const wrong = ["verify", ...how, "--signature", cli.file("changed", changed)];
    await cli.refused("KMSInvalidSignatureException", wrong);
  });

  it("generate-mac, verify-mac, generate-data-key-pair, derive-shared-secret", async () => {
    const { KeyId } = await createKey("--key-spec", "HMAC_256", "--key-usage", "GENERATE_VERIFY_MAC");
    const how = ["--key-id", KeyId, "--mac-algorithm", "HMAC_SHA_256", "--message", cli.file("m", "the message")];
    const { Mac } = await cli.kms("generate-mac", ...how);
    assert.equal((await cli.kms("verify-mac", ...how, "--mac", cli.file("mac", bytes(Mac)))).MacValid, true);

    const { KeyId: wrapping } = await createKey();
    const pairOptions = ["--key-id", wrapping, "--key-pair-spec", "ECC_NIST_P256"];
    const pair = await cli.kms("generate-data-key-pair", ...pairOptions);
    cli.file("private.der", bytes(pair.PrivateKeyPlaintext));
    await runOpenssl("pkey", "-in", "private.der", "-inform", "DER", "-pubout", "-outform", "DER", "-out", "pair.der");
    assert.deepEqual(readFileSync(path("pair.der")), bytes(pair.PublicKey));

    const { KeyId: agreeing } = await createKey("--key-spec", "ECC_NIST_P256", "--key-usage", "KEY_AGREEMENT");
    const agreement = ["--key-id", agreeing, "--key-agreement-algorithm", "ECDH"];
    const { SharedSecret } = await cli.kms(
      "derive-shared-secret",
      ...agreement,
      "--public-key",
      `fileb://${path("pair.der")}`,
    );
    cli.file("theirs.der", bytes((await cli.kms("get-public-key", "--key-id", agreeing)).PublicKey));
    const peer = ["-peerkey", "theirs.der", "-peerform", "DER"];
    await runOpenssl("pkeyutl", "-derive", "-inkey", "private.der", "-keyform", "DER", ...peer, "-out", "secret");
    assert.deepEqual(readFileSync(path("secret")), bytes(SharedSecret));
  });

  it("get-parameters-for-import, import-key-material, delete-imported-key-material", async () => {
    const { KeyId } = await createKey("--origin", "EXTERNAL");
    const ask = ["--wrapping-algorithm", "RSAES_OAEP_SHA_256", "--wrapping-key-spec", "RSA_3072"];
    const given = await cli.kms("get-parameters-for-import", "--key-id", KeyId, ...ask);
    const token = cli.file("token", bytes(given.ImportToken));
    cli.file("wrapping.der", bytes(given.PublicKey));
    cli.file("material", randomBytes(32));
    const oaep = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"].flatMap((it) => [
      "-pkeyopt",
      it,
    ]);
    const wrapping = ["-pubin", "-inkey", "wrapping.der", "-keyform", "DER"];
    await runOpenssl("pkeyutl", "-encrypt", "-in", "material", "-out", "wrapped", ...wrapping, ...oaep);
    const how = ["--key-id", KeyId, "--import-token", token, "--encrypted-key-material", `fileb://${path("wrapped")}`];
    await cli.kms("import-key-material", ...how, "--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE");
    const { KeyMetadata } = await cli.kms("describe-key", "--key-id", KeyId);
    assert.deepEqual([KeyMetadata.KeyState, KeyMetadata.Origin], ["Enabled", "EXTERNAL"]);
    await cli.kms("encrypt", "--key-id", KeyId, "--plaintext", cli.file("m", "x"));
    await cli.kms("delete-imported-key-material", "--key-id", KeyId);
    await cli.refused("KMSInvalidStateException", ["encrypt", "--key-id", KeyId, "--plaintext", cli.file("m", "x")]);
  });

  it("replicate-key, and decrypt in the other region", async () => {
    const { KeyId, Arn } = await createKey("--multi-region");
    const { CiphertextBlob } = await cli.kms("encrypt", "--key-id", KeyId, "--plaintext", cli.file("m", "hello"));
    await cli.kms("replicate-key", "--key-id", KeyId, "--replica-region", "eu-west-1");
    const blob = cli.file("blob", bytes(CiphertextBlob));
    const opened = await cli.kms("decrypt", "--ciphertext-blob", blob, "--region", "eu-west-1");
    assert.equal(bytes(opened.Plaintext).toString(), "hello");
    assert.equal(opened.KeyId, Arn.replace("us-east-1", "eu-west-1"));
  });

  it("create-grant, encrypt --grant-tokens, list-grants, retire-grant, revoke-grant", async () => {
    const { KeyId, Arn } = await createKey();
    const created = await cli.run(["iam", "create-user", "--user-name", "grantee"]);
    assert.equal(created.status, 0, created.stderr);
    const { AccessKey } = JSON.parse((await cli.run(["iam", "create-access-key", "--user-name", "grantee"])).stdout);
    const user = { AWS_ACCESS_KEY_ID: AccessKey.AccessKeyId, AWS_SECRET_ACCESS_KEY: AccessKey.SecretAccessKey };
    const principal = JSON.parse(created.stdout).User.Arn;
    const who = ["--grantee-principal", principal, "--retiring-principal", principal];
    const grant = () => cli.kms("create-grant", "--key-id", KeyId, ...who, "--operations", "Encrypt");
    const [first, second] = [await grant(), await grant()];
    const encrypting = ["encrypt", "--key-id", Arn, "--plaintext", cli.file("m", "x")];
    const asUser = (...args: string[]) => cli.run(["kms", ...args], user);
    const used = await asUser(...encrypting, "--grant-tokens", first.GrantToken);
    assert.equal(used.status, 0, used.stderr);
    const { Grants } = await cli.kms("list-grants", "--key-id", KeyId, "--page-size", "1");
    assert.deepEqual(
      Grants.map(({ GrantId }: { GrantId: string }) => GrantId).sort(),
      [first.GrantId, second.GrantId].sort(),
    );
    const retired = await asUser("retire-grant", "--grant-token", first.GrantToken);
    assert.equal(retired.status, 0, retired.stderr);
    await cli.kms("revoke-grant", "--key-id", KeyId, "--grant-id", second.GrantId);
    await cli.refused("AccessDeniedException", encrypting, user);
  });

  it("pages: --page-size reads on, --max-items stops and gives a token to go on with", async () => {
    const { KeyId } = await createKey();
    for (const _ of [1, 2, 3]) await cli.kms("rotate-key-on-demand", "--key-id", KeyId);
    const { Rotations } = await cli.kms("list-key-rotations", "--key-id", KeyId, "--page-size", "2");
    assert.equal(Rotations.length, 3);
    const start = await cli.kms("list-keys", "--max-items", "2", "--page-size", "1");
    assert.equal(start.Keys.length, 2);
    const rest = await cli.kms("list-keys", "--starting-token", start.NextToken);
    const all = await cli.kms("list-keys");
    assert.deepEqual([...start.Keys, ...rest.Keys], all.Keys);
  });
});
