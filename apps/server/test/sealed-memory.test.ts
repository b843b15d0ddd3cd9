import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CreateKeyCommand, KMSClient, SignCommand } from "@aws-sdk/client-kms";
import { SecretBytes } from "@coffer/crypto";
import { createShamirSeal } from "@coffer/seal";
import type { Seal } from "@coffer/service";
import { memoryUnreadable, secretsInMemory } from "./process-memory.ts";
import { type NamedSecret, readStoredSecrets } from "./robustness/stored-secrets.ts";
import { temporaryFolder } from "./run-program.ts";
import { type InitAnswer, initialize, startShamir, sys, unseal } from "./sealed-server.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

/** The seal in the hands of people with enough shares. */
function holders(shares: readonly string[]): Seal {
  const shamir = createShamirSeal();
  const bytes = shares.map((share) => SecretBytes.takeFrom(Buffer.from(share, "hex")));
  return {
    kind: shamir.kind,
    seal: () => Promise.reject(new Error("nothing is sealed")),
    unseal: (sealed) => shamir.unseal(sealed, bytes),
  };
}

/** In a process of its own: what it answers are strings, which cannot be wiped. */
async function initializeAlone(dataDir: string): Promise<InitAnswer> {
  await using server = await startShamir(dataDir);
  return await initialize(server);
}

/** Signs a given digest with a new key of P-256, which OpenSSL does by a handle of its own. */
async function signDigest(server: ServerUnderTest, made: InitAnswer): Promise<void> {
  const kms = new KMSClient({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: made.access_key_id, secretAccessKey: made.secret_access_key },
  });
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }));
  const input = { KeyId: KeyMetadata?.KeyId, MessageType: "DIGEST", SigningAlgorithm: "ECDSA_SHA_256" } as const;
  await kms.send(new SignCommand({ ...input, Message: Buffer.alloc(32, 7) }));
  kms.destroy();
}

/** The private numbers of P-256 keys as OpenSSL has them: in words of the machine, the last one first (RFC 5915 section 3). */
function scalarsOf(stored: readonly NamedSecret[]): NamedSecret[] {
  return stored.flatMap(({ bytes }) => {
    const at = bytes.indexOf(Buffer.from("0201010420", "hex"));
    return at < 0 ? [] : [{ name: "a scalar", bytes: Buffer.from(bytes.subarray(at + 5, at + 37)).reverse() }];
  });
}

const unreadable = memoryUnreadable(process.pid);

describe("the memory of a sealed server", { skip: unreadable ?? false }, () => {
  it("has no key and no secret that it had while it was open", async () => {
    const folder = temporaryFolder("seal");
    const dataDir = join(folder, "data");
    const made = await initializeAlone(dataDir);
    const shares = made.keys.slice(0, 2);
    await using server = await startShamir(dataDir);
    await unseal(server, shares);
    const call = (method: string, path: string, body?: unknown) => sys(server, method, path, body, made.root_token);
    await call("POST", "sys/mounts/transit", { type: "transit" });
    await call("POST", "transit/encrypt/k", { plaintext: "aGVsbG8=" });
    await signDigest(server, made);
    cpSync(dataDir, join(folder, "copy"), { recursive: true });
    const stored = await readStoredSecrets(join(folder, "copy"), holders(shares));
    const given = shares.map((share) => ({ name: "a share", bytes: Buffer.from(share, "hex") }));
    const secrets = [...stored, ...given, ...scalarsOf(stored)];
    const open = secretsInMemory(server.processId, secrets);
    assert.ok(
      open.has("root key") && open.has("a scalar") && open.size >= 5,
      `only ${[...open].join(", ")} were found while it was open`,
    );

    assert.equal((await call("PUT", "sys/seal")).status, 204);
    assert.deepEqual([...secretsInMemory(server.processId, secrets)], []);
    await unseal(server, shares);
    assert.equal((await call("POST", "transit/encrypt/k", { plaintext: "aGVsbG8=" })).status, 200);
  });
});
