import { decrypt, encrypt, generateDataKey, limits } from "@coffer/service";
import { answer, defineRoute, type RestRoute } from "../http/route.ts";
import { decodeBase64, decodePlaintext, encodePlaintext } from "../http/text.ts";
import { restLimits } from "../limits.ts";
import { keyIdSchema, keyReference } from "./key-id.ts";

const tag = "crypto";

const contextSchema = {
  type: "object",
  description:
    "Name-value pairs that are bound to the ciphertext: decrypting needs the same ones. They are not secret, the audit trail shows them.",
  maxProperties: restLimits.contextPairs.value,
  additionalProperties: { type: "string" },
  examples: [{ order: "4711" }],
} as const;

const encodingSchema = {
  type: "string",
  enum: ["text", "base64"],
  default: "text",
  description: "How `plaintext` is written: `text` is UTF-8, `base64` is for any bytes.",
} as const;

const ciphertextSchema = {
  type: "string",
  minLength: 1,
  maxLength: Math.ceil(limits.ciphertextBytes.value / 3) * 4,
  description: "Ciphertext in base64: the KMS ciphertext blob.",
} as const;

const plaintextAnswer = { type: "string", description: "The plaintext, as `encoding` says." } as const;
const keyIdAnswer = { type: "string", description: "The key as it was named." } as const;

function encodingOf(encoding: string | undefined) {
  return encoding === "base64" ? "base64" : "text";
}

const encryptText = defineRoute(
  {
    method: "POST",
    path: "/encrypt",
    operationId: "encrypt",
    tag,
    summary: "Encrypt up to 4096 bytes",
    body: {
      type: "object",
      properties: {
        key_id: keyIdSchema,
        plaintext: {
          type: "string",
          maxLength: Math.ceil(limits.plaintextBytes.value / 3) * 4,
          description: "What to encrypt: 1 to 4096 bytes.",
        },
        encoding: encodingSchema,
        context: contextSchema,
      },
      required: ["key_id", "plaintext"],
      additionalProperties: false,
      examples: [{ key_id: "orders", plaintext: "hello", context: { order: "4711" } }],
    },
    answers: {
      status: 200,
      description: "The ciphertext. KMS clients and `POST /decrypt` decrypt it.",
      schema: {
        type: "object",
        properties: { key_id: keyIdAnswer, ciphertext: ciphertextSchema },
        required: ["key_id", "ciphertext"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const { key_id, plaintext, encoding, context } = call.body;
    const keyId = keyReference(key_id);
    const bytes = decodePlaintext(plaintext, encodingOf(encoding), "plaintext");
    try {
      const { ciphertext } = await call.execute(encrypt, { keyId, plaintext: bytes, encryptionContext: context });
      return answer(200, { key_id, ciphertext: ciphertext.toString("base64") });
    } finally {
      bytes.fill(0);
    }
  },
);

const decryptText = defineRoute(
  {
    method: "POST",
    path: "/decrypt",
    operationId: "decrypt",
    tag,
    summary: "Decrypt what the same key encrypted, here or through the KMS API",
    body: {
      type: "object",
      properties: {
        key_id: keyIdSchema,
        ciphertext: ciphertextSchema,
        encoding: encodingSchema,
        context: contextSchema,
      },
      required: ["key_id", "ciphertext"],
      additionalProperties: false,
      examples: [{ key_id: "orders", ciphertext: "Q0ZS...", context: { order: "4711" } }],
    },
    answers: {
      status: 200,
      description: "The plaintext.",
      schema: {
        type: "object",
        properties: { key_id: keyIdAnswer, plaintext: plaintextAnswer },
        required: ["key_id", "plaintext"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const { key_id, ciphertext, encoding, context } = call.body;
    const { plaintext } = await call.execute(decrypt, {
      keyId: keyReference(key_id),
      ciphertext: decodeBase64(ciphertext, "ciphertext"),
      encryptionContext: context,
    });
    return answer(200, { key_id, plaintext: encodePlaintext(plaintext, encodingOf(encoding)) });
  },
);

const dataKey = defineRoute(
  {
    method: "POST",
    path: "/datakey",
    operationId: "generateDataKey",
    tag,
    summary: "Make a data key for use outside: encrypt with its plaintext, keep its ciphertext beside the data",
    body: {
      type: "object",
      properties: {
        key_id: keyIdSchema,
        bytes: {
          type: "integer",
          minimum: 1,
          maximum: limits.dataKeyBytes.value,
          default: 32,
          description: "Length of the data key.",
        },
        context: contextSchema,
      },
      required: ["key_id"],
      additionalProperties: false,
      examples: [{ key_id: "orders" }],
    },
    answers: {
      status: 200,
      description: "The data key.",
      schema: {
        type: "object",
        properties: {
          key_id: keyIdAnswer,
          plaintext: { type: "string", description: "The data key in base64. Never store it." },
          ciphertext: ciphertextSchema,
        },
        required: ["key_id", "plaintext", "ciphertext"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const { key_id, bytes = 32, context } = call.body;
    const { plaintext, ciphertext } = await call.execute(generateDataKey, {
      keyId: keyReference(key_id),
      dataKeyBytes: bytes,
      encryptionContext: context,
    });
    const encoded = encodePlaintext(plaintext, "base64");
    return answer(200, { key_id, plaintext: encoded, ciphertext: ciphertext.toString("base64") });
  },
);

/** Encrypt, decrypt, data keys. */
export const cryptoRoutes: readonly RestRoute[] = [encryptText, decryptText, dataKey];
