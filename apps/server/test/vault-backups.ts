import type { VaultCalls } from "./vault-calls.ts";
import { base64 } from "./vault-conformance/scenario.ts";

type Parameters = Readonly<Record<string, string | boolean | number>>;

/** A key to back up, and what it can do. */
export interface BackupKind {
  readonly name: string;
  readonly key: Parameters;
  /** What each encryption gets, beside the plaintext. */
  readonly encrypts?: readonly Parameters[];
  /** What each signature gets, beside the input. */
  readonly signs?: readonly Parameters[];
  /** The algorithm of each MAC. */
  readonly macs?: readonly string[];
}

/** Something that a key made: the parameters that open or verify it, beside the text itself. */
export interface Made {
  readonly text: string;
  readonly parameters: Parameters;
}

/** A backup with what its key made before. */
export interface KeyBackup {
  readonly name: string;
  readonly type: string;
  readonly versions: number;
  /** As `backup` gave it. */
  readonly backup: string;
  /** Of `plaintext`. */
  readonly ciphertexts: readonly Made[];
  /** Of `plaintext`. */
  readonly signatures: readonly Made[];
  /** Of `plaintext`. */
  readonly macs: readonly Made[];
}

/** Base64 of what is encrypted, signed and authenticated. */
export const plaintext = base64("the message");

const context = base64("user 7");
const aad: readonly Parameters[] = [{}, { associated_data: base64("where") }];
const macs: readonly string[] = ["sha2-256", "sha2-512", "sha3-256"];
const pss: readonly Parameters[] = [
  {},
  { signature_algorithm: "pkcs1v15", hash_algorithm: "sha2-512" },
  { salt_length: "hash" },
];

/** Each type of key, and each way to derive. */
export const backupKinds: readonly BackupKind[] = [
  ...["aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305"].flatMap((type): BackupKind[] => [
    { name: type, key: { type }, encrypts: aad, macs },
    { name: `${type}-derived`, key: { type, derived: true }, encrypts: [{ context }], macs: ["sha2-256"] },
    {
      name: `${type}-convergent`,
      key: { type, derived: true, convergent_encryption: true },
      encrypts: [{ context }, { context, associated_data: base64("where") }],
    },
  ]),
  { name: "ed25519", key: { type: "ed25519" }, signs: [{}], macs },
  { name: "ed25519-derived", key: { type: "ed25519", derived: true }, signs: [{ context }] },
  ...["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"].map((type) => ({
    name: type,
    key: { type },
    signs: [{}, { hash_algorithm: "sha2-384" }, { marshaling_algorithm: "jws" }],
    macs,
  })),
  ...["rsa-2048", "rsa-3072", "rsa-4096"].map((type) => ({
    name: type,
    key: { type },
    encrypts: [{}],
    signs: pss,
    macs,
  })),
  { name: "hmac", key: { type: "hmac", key_size: 48 }, macs },
];

/** Makes a key with two versions, uses both in each way, and takes a backup. */
export async function makeBackup(call: VaultCalls, mount: string, kind: BackupKind): Promise<KeyBackup> {
  const { name, key } = kind;
  const made = { ciphertexts: [] as Made[], signatures: [] as Made[], macs: [] as Made[] };
  await call("POST", `${mount}/keys/${name}`, { ...key, exportable: true, allow_plaintext_backup: true });
  for (const version of [1, 2]) {
    if (version > 1) await call("POST", `${mount}/keys/${name}/rotate`);
    for (const parameters of kind.encrypts ?? []) {
      const { data } = await call("POST", `${mount}/encrypt/${name}`, { plaintext, ...parameters });
      made.ciphertexts.push({ text: data.ciphertext, parameters });
    }
    for (const parameters of kind.signs ?? []) {
      const { data } = await call("POST", `${mount}/sign/${name}`, { input: plaintext, ...parameters });
      made.signatures.push({ text: data.signature, parameters });
    }
    for (const algorithm of kind.macs ?? []) {
      const { data } = await call("POST", `${mount}/hmac/${name}`, { input: plaintext, algorithm });
      made.macs.push({ text: data.hmac, parameters: { hash_algorithm: algorithm } });
    }
  }
  const { data } = await call("GET", `${mount}/backup/${name}`);
  return { name, type: String(key["type"]), versions: 2, backup: data.backup, ...made };
}

/** Restores a backup and opens and verifies everything with it. @returns what is not as it was, a line each */
export async function useBackup(call: VaultCalls, mount: string, key: KeyBackup): Promise<string[]> {
  const { name } = key;
  const findings: string[] = [];
  const expect = (is: unknown, what: string, { text, parameters }: Made) => {
    if (!is) findings.push(`${name}: ${what} ${text.slice(0, 40)} ${JSON.stringify(parameters)}`);
  };
  await call("POST", `${mount}/restore/${name}`, { backup: key.backup });
  for (const made of key.ciphertexts) {
    const { data } = await call("POST", `${mount}/decrypt/${name}`, { ciphertext: made.text, ...made.parameters });
    expect(data.plaintext === plaintext, "does not decrypt", made);
    if (!name.endsWith("-convergent")) continue;
    const again = { plaintext, key_version: Number(/^vault:v(\d+):/.exec(made.text)?.[1]), ...made.parameters };
    const encrypted = await call("POST", `${mount}/encrypt/${name}`, again);
    expect(encrypted.data.ciphertext === made.text, "does not encrypt to the same", made);
  }
  for (const made of key.signatures) {
    const input = { input: plaintext, signature: made.text, ...made.parameters };
    expect((await call("POST", `${mount}/verify/${name}`, input)).data.valid, "does not verify", made);
  }
  for (const made of key.macs) {
    const input = { input: plaintext, hmac: made.text, ...made.parameters };
    expect((await call("POST", `${mount}/verify/${name}`, input)).data.valid, "does not verify", made);
  }
  const { data } = await call("GET", `${mount}/keys/${name}`);
  if (data.type !== key.type || data.latest_version !== key.versions) findings.push(`${name}: ${JSON.stringify(data)}`);
  return findings;
}

/** What a key of a type exports as. */
function exportKind(type: string): string {
  if (type === "hmac") return "hmac-key";
  return /^(ed25519|ecdsa|rsa)/.test(type) ? "signing-key" : "encryption-key";
}

/** Moves a key of each type from one server to another, wrapped to its wrapping key. @returns the types that are not the same there */
export async function moveKeys(from: VaultCalls, to: VaultCalls, mount: string): Promise<string[]> {
  for (const call of [from, to]) await call("POST", `sys/mounts/${mount}`, { type: "transit" });
  const { data: wrapping } = await to("GET", `${mount}/wrapping_key`);
  const destination = { type: "rsa-4096", public_key: wrapping.public_key };
  await from("POST", `${mount}/keys/destination/import`, destination);
  const findings: string[] = [];
  for (const type of new Set(backupKinds.map(({ key }) => String(key["type"])))) {
    await from("POST", `${mount}/keys/${type}`, {
      type,
      exportable: true,
      ...(type === "hmac" ? { key_size: 64 } : {}),
    });
    const { data: wrapped } = await from("GET", `${mount}/byok-export/destination/${type}?hash=SHA384`);
    const imported = { type, ciphertext: wrapped.keys["1"], hash_function: "SHA384", exportable: true };
    await to("POST", `${mount}/keys/${type}/import`, imported);
    const path = `${mount}/export/${exportKind(type)}/${type}`;
    const [there, here] = [await from("GET", path), await to("GET", path)];
    if (JSON.stringify(there.data.keys) !== JSON.stringify(here.data.keys)) findings.push(type);
  }
  for (const call of [from, to]) await call("DELETE", `sys/mounts/${mount}`);
  return findings;
}
