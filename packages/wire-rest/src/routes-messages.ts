import { isUtf8 } from "node:buffer";
import { decrypt, encrypt, generateDataKey, limits, ServiceError } from "@coffer/service";
import { decodeBase64 } from "./base64.ts";
import { keyReference } from "./key-names.ts";
import { members, type RestCall, type Route } from "./route.ts";

const keyMember = { type: "string", required: true, about: "the key's name, id or ARN" } as const;
const contextMember = { type: "context", about: "pairs of text that are bound to the ciphertext" } as const;
const encodings = ["text", "base64"];

function plaintextBytes(call: RestCall): Buffer {
  const plaintext = call.body.get<"string">("plaintext");
  return call.body.find<"string">("encoding") === "base64"
    ? decodeBase64(plaintext, "plaintext")
    : Buffer.from(plaintext, "utf8");
}

function encodePlaintext(plaintext: Buffer, encoding: string | undefined): string {
  if (encoding === "base64") return plaintext.toString("base64");
  if (!isUtf8(plaintext)) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      member: "encoding",
      reason: 'The plaintext is no UTF-8 text. Ask for it with "encoding":"base64".',
    });
  }
  return plaintext.toString("utf8");
}

/** Encrypt, decrypt, data keys. */
export const messageRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/encrypt",
    summary: `Encrypt up to ${limits.plaintextBytes.value} bytes`,
    status: 200,
    body: members({
      key_id: keyMember,
      plaintext: { type: "string", required: true, about: "what to encrypt" },
      encoding: { type: "string", about: "how `plaintext` is written; text when absent", choices: encodings },
      context: contextMember,
    }),
    async run(call) {
      const keyID = call.body.get<"string">("key_id");
      const plaintext = plaintextBytes(call);
      try {
        const { ciphertext } = await call.execute(encrypt, {
          keyId: keyReference(keyID),
          plaintext,
          encryptionContext: call.body.find<"context">("context"),
        });
        return { key_id: keyID, ciphertext: ciphertext.toString("base64") };
      } finally {
        plaintext.fill(0);
      }
    },
  },
  {
    method: "POST",
    path: "/decrypt",
    summary: "Decrypt what /encrypt or AWS KMS Encrypt made",
    status: 200,
    body: members({
      key_id: keyMember,
      ciphertext: { type: "string", required: true, about: "base64, as /encrypt gave it" },
      encoding: { type: "string", about: "how to write `plaintext`; text when absent", choices: encodings },
      context: contextMember,
    }),
    async run(call) {
      const keyID = call.body.get<"string">("key_id");
      const { plaintext } = await call.execute(decrypt, {
        keyId: keyReference(keyID),
        ciphertext: decodeBase64(call.body.get<"string">("ciphertext"), "ciphertext"),
        encryptionContext: call.body.find<"context">("context"),
      });
      try {
        return { key_id: keyID, plaintext: encodePlaintext(plaintext, call.body.find<"string">("encoding")) };
      } finally {
        plaintext.fill(0);
      }
    },
  },
  {
    method: "POST",
    path: "/datakey",
    summary: "Make a data key: in the clear for use now, and encrypted for keeping",
    status: 200,
    body: members({
      key_id: keyMember,
      bytes: {
        type: "integer",
        about: "length of the data key; 32 when absent",
        min: 1,
        max: limits.dataKeyBytes.value,
      },
      context: contextMember,
    }),
    async run(call) {
      const keyID = call.body.get<"string">("key_id");
      const { plaintext, ciphertext } = await call.execute(generateDataKey, {
        keyId: keyReference(keyID),
        dataKeyBytes: call.body.find<"integer">("bytes") ?? 32,
        encryptionContext: call.body.find<"context">("context"),
      });
      const answer = {
        key_id: keyID,
        plaintext: plaintext.toString("base64"),
        ciphertext: ciphertext.toString("base64"),
      };
      plaintext.fill(0);
      return answer;
    },
  },
];
