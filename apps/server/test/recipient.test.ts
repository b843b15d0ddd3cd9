import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component, NitroHardware } from "@coffer/testkit";
import { awsParts, PythonClients, PythonError } from "./python-clients.ts";
import { temporaryFolder } from "./run-program.ts";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const openssl = component("openssl");
const missing = [python, openssl].find(({ available }) => !available);

describe("boto3 in an enclave", { skip: missing === undefined || missing.available ? false : missing.reason }, () => {
  const hardware = new NitroHardware(Date.now());
  const folder = temporaryFolder("recipient");
  let server: ServerUnderTest;
  let clients: PythonClients;

  before(async () => {
    assert.ok(python.available);
    const roots = join(folder, "roots.pem");
    writeFileSync(roots, hardware.rootPem);
    server = await ServerUnderTest.start({ args: [`--attestation-roots-file=${roots}`] });
    clients = new PythonClients(python.path);
  });
  after(async () => {
    clients?.close();
    await server?.kill();
    await rm(folder, { recursive: true });
  });

  const kms = (operation: string, input = {}) => clients.aws(awsParts(server, "kms"), operation, input);
  const recipient = (of = hardware) => ({
    KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_256",
    AttestationDocument: of.document(Date.now()),
  });

  function open(message: Buffer): Buffer {
    assert.ok(openssl.available);
    const [input, key] = [join(folder, "message"), join(folder, "key.pem")];
    writeFileSync(input, message);
    writeFileSync(key, String(hardware.privateKey.export({ type: "pkcs8", format: "pem" })), { mode: 0o600 });
    const options = ["cms", "-decrypt", "-binary", "-inform", "DER", "-in", input, "-inkey", key];
    const { status, stdout, stderr } = spawnSync(openssl.path, options);
    assert.equal(status, 0, stderr.toString());
    return stdout;
  }

  it("gets a data key, and the same one again by its ciphertext", async () => {
    const { KeyId } = (await kms("create_key")).KeyMetadata;
    const made = await kms("generate_data_key", { KeyId, KeySpec: "AES_256", Recipient: recipient() });
    assert.equal(made.Plaintext, undefined);
    const dataKey = open(made.CiphertextForRecipient);
    assert.equal(dataKey.length, 32);
    const again = await kms("decrypt", { CiphertextBlob: made.CiphertextBlob, Recipient: recipient() });
    assert.deepEqual(open(again.CiphertextForRecipient), dataKey);
    assert.deepEqual((await kms("decrypt", { CiphertextBlob: made.CiphertextBlob })).Plaintext, dataKey);
  });

  it("is refused with hardware that the operator does not trust", async () => {
    const Recipient = recipient(new NitroHardware(Date.now()));
    await assert.rejects(kms("generate_random", { NumberOfBytes: 32, Recipient }), (error) => {
      assert.ok(error instanceof PythonError, String(error));
      assert.equal(error.code, "ValidationException");
      return true;
    });
  });

  it("a file of roots that is none stops the start, and says so", () => {
    const file = join(folder, "none.pem");
    writeFileSync(file, "none");
    const { status, stderr } = spawnSync(cofferPath, ["server", "--dev", `--attestation-roots-file=${file}`]);
    assert.notEqual(status, 0);
    assert.match(stderr.toString(), /attestation roots in .*none\.pem: There is no certificate\./);
  });
});
