import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Keyring, multiKeyring, rawAesKeyring } from "../src/index.ts";
import { type RsaPadding, rawRsaKeyring } from "../src/rsa.ts";

/** A key of a case. Source: awslabs/aws-crypto-tools-test-vector-framework, features/0003-awses-message-decryption.md. */
interface MasterKey {
  readonly type: string;
  readonly key?: string;
  readonly "provider-id"?: string;
  readonly "encryption-algorithm"?: string;
  readonly "padding-algorithm"?: string | null;
  readonly "padding-hash"?: string | null;
}

/** A case of a manifest, of version 1 (`plaintext`) or later (`result`). */
interface ManifestCase {
  readonly description?: string;
  readonly plaintext?: string;
  readonly ciphertext: string;
  readonly "master-keys": readonly MasterKey[];
  readonly result?: { readonly output?: { readonly plaintext: string }; readonly error?: unknown };
}

interface KeyMaterial {
  readonly "key-id"?: string;
  readonly encoding?: string;
  readonly "line-separator"?: string;
  readonly material?: readonly string[];
  readonly decrypt: boolean;
}

type Keys = Readonly<Record<string, KeyMaterial>>;

/** One message, and what comes of it. */
export interface EsdkCase {
  readonly name: string;
  readonly message: () => Uint8Array;
  /** Undefined: it must be refused. */
  readonly plaintext: (() => Uint8Array) | undefined;
  /** Undefined: its keys are in AWS KMS alone. */
  readonly keyring: Keyring | undefined;
}

/** Reads a manifest of the type `awses-decrypt`, whose bytes are in files beside it, or in it as base64. */
export function readEsdkCases(path: string): readonly EsdkCase[] {
  const bytesOf = (text: string) =>
    text.startsWith("file://") ? readFileSync(join(dirname(path), text.slice(7))) : Buffer.from(text, "base64");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  const keys: Keys =
    typeof manifest.keys === "string" ? JSON.parse(bytesOf(manifest.keys).toString()).keys : manifest.keys;
  const tests: Readonly<Record<string, ManifestCase>> = manifest.tests;
  return Object.entries(tests).map(([id, one]) => {
    const plaintext = one.plaintext ?? one.result?.output?.plaintext;
    return {
      name: one.description ?? id,
      message: () => bytesOf(one.ciphertext),
      plaintext: plaintext === undefined ? undefined : () => bytesOf(plaintext),
      keyring: keyringOf(one["master-keys"], keys),
    };
  });
}

function keyringOf(masterKeys: readonly MasterKey[], keys: Keys): Keyring | undefined {
  const keyrings = masterKeys.flatMap((masterKey) => rawKeyring(masterKey, keys) ?? []);
  return keyrings.length === 0 ? undefined : multiKeyring(keyrings);
}

function rawKeyring(masterKey: MasterKey, keys: Keys): Keyring | undefined {
  const { type, key = "", "provider-id": namespace = "", "encryption-algorithm": algorithm } = masterKey;
  const material = keys[key];
  if (type !== "raw" || material?.material === undefined || !material.decrypt) return undefined;
  const text = material.material.join(material["line-separator"] ?? "");
  const name = material["key-id"] ?? key;
  if (algorithm === "aes") return rawAesKeyring({ namespace, name, wrappingKey: Buffer.from(text, "base64") });
  const hash = masterKey["padding-hash"];
  const padding = (masterKey["padding-algorithm"] === "pkcs1" ? "pkcs1" : `oaep-${hash}`) as RsaPadding;
  return rawRsaKeyring({ namespace, name, privateKey: text, padding });
}
