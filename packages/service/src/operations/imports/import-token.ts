import { createPrivateKey, type KeyObject } from "node:crypto";
import { canonicalMaterial, encodeIdentity, SecretBytes, unwrapKeyMaterial, wrapKeyMaterial } from "@coffer/crypto";
import type { Core } from "../../core.ts";

/** What an import token says. It is sealed, so that nothing has to be stored until it comes back. */
export interface ImportTokenFacts {
  readonly region: string;
  readonly keyId: string;
  /** AWS's name of the wrapping algorithm. */
  readonly wrapping: string;
  readonly expiresAtMs: number;
}

/** An opened token: its facts, and the private key of the wrapping pair. */
export interface OpenedImportToken {
  readonly facts: ImportTokenFacts;
  readonly privateKey: KeyObject;
}

const identity = encodeIdentity(["coffer import token v1"]);
const lengthBytes = 4;

function sealingKey(core: Core): KeyObject {
  return core.keyring.deriveSealingKey("import tokens");
}

/** Seals a token: the length of the facts, the facts in JSON, the private key in PKCS#8. */
export function sealImportToken(core: Core, facts: ImportTokenFacts, privateKey: KeyObject): Buffer {
  const json = Buffer.from(JSON.stringify(facts));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(json.length);
  using der = canonicalMaterial(privateKey);
  using payload = der.use((bytes) => SecretBytes.takeFrom(Buffer.concat([length, json, bytes])));
  return wrapKeyMaterial(sealingKey(core), payload, identity);
}

/** Opens a token that this instance made. Undefined for anything else, whatever is wrong with it. */
export function openImportToken(core: Core, token: Uint8Array): OpenedImportToken | undefined {
  const payload = unwrapKeyMaterial(sealingKey(core), token, identity);
  if (payload === undefined) return undefined;
  using opened = payload;
  return opened.use((bytes) => {
    const end = lengthBytes + bytes.readUInt32BE(0);
    return {
      facts: JSON.parse(bytes.toString("utf8", lengthBytes, end)) as ImportTokenFacts,
      privateKey: createPrivateKey({ key: bytes.subarray(end), format: "der", type: "pkcs8" }),
    };
  });
}
