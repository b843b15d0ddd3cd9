import assert from "node:assert/strict";
import { test } from "node:test";
import * as crypto from "@coffer/crypto";
import * as hazmat from "@coffer/crypto/hazmat";

test("the public API is this and no more: nothing fixes a nonce, raw secrets leave through hazmat alone", () => {
  assert.deepEqual(Object.keys(hazmat), ["exposeSecretBytes"]);
  assert.deepEqual(Object.keys(crypto).sort(), [
    "CryptoInvariantError",
    "SecretBytes",
    "decryptExternal",
    "decryptKmsBlob",
    "decryptTransit",
    "defaultPassphraseParams",
    "deriveKeyFromPassphrase",
    "deriveMessageKeys",
    "encodeEncryptionContext",
    "encodeExternalBlob",
    "encodeIdentity",
    "encodePublicKey",
    "encryptExternal",
    "encryptKmsBlob",
    "encryptTransit",
    "externalBlobAad",
    "externalIntegrityValue",
    "externalKeyVersion",
    "findEncapsulationAlgorithm",
    "findEncryptionAlgorithm",
    "findKeyAgreementAlgorithm",
    "findKeySpec",
    "findMacAlgorithm",
    "findSigningAlgorithm",
    "generateSigningKeyPair",
    "hmacSha256",
    "keyMaterialId",
    "keySpecs",
    "kmsBlobOverheadBytes",
    "parseExternalBlob",
    "parseKmsBlob",
    "parseTransitCiphertext",
    "publicKeyOf",
    "randomBytesPooled",
    "randomId",
    "randomNonce",
    "sha256",
    "sha256Hex",
    "signBytes",
    "timingSafeEqualBytes",
    "timingSafeEqualText",
    "unwrapKeyMaterial",
    "verifyBytes",
    "wrapKeyMaterial",
  ]);
});
