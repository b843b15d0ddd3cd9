import { awsKeyId, type KeyModel } from "./crash-keys.ts";
import type { HttpRequest, Reply } from "./http-client.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { succeeded, type WireName, type Wires } from "./wires.ts";

/** A ciphertext that an answer gave, and what must come out of it. */
export interface Message {
  readonly reference: string;
  /** `kms` decrypts through AWS and REST, `transit` through Vault. */
  readonly format: "kms" | "transit";
  readonly ciphertext: string;
  /** Base64. */
  readonly plaintext: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** A request that encrypts, and how to read its answer. */
export interface PlannedEncryption {
  readonly wire: WireName;
  readonly request: HttpRequest;
  readonly messages: (reply: Reply) => readonly Message[];
}

interface Encryption {
  readonly onlyNamed?: true;
  readonly plan: (wires: Wires, key: KeyModel, random: SeededRandom) => PlannedEncryption;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

const encryptions: readonly Encryption[] = [
  {
    plan(wires, key, random) {
      const plaintext = base64(random.text(1 + random.integer(200)));
      const context = { round: random.text(4) };
      const body = { KeyId: awsKeyId(key), Plaintext: plaintext, EncryptionContext: context };
      return {
        wire: "aws",
        request: wires.awsRequest("Encrypt", body),
        messages: (reply) => [
          { reference: key.reference, format: "kms", ciphertext: reply.json.CiphertextBlob, plaintext, context },
        ],
      };
    },
  },
  {
    plan: (wires, key) => ({
      wire: "aws",
      request: wires.awsRequest("GenerateDataKey", { KeyId: awsKeyId(key), KeySpec: "AES_256" }),
      messages: ({ json }) => [
        { reference: key.reference, format: "kms", ciphertext: json.CiphertextBlob, plaintext: json.Plaintext },
      ],
    }),
  },
  {
    plan(wires, key, random) {
      const text = random.text(1 + random.integer(200));
      const context = { order: random.text(4) };
      const body = { key_id: key.reference, plaintext: text, context };
      const plaintext = base64(text);
      return {
        wire: "rest",
        request: wires.restRequest("POST", "/encrypt", body),
        messages: ({ json }) => [
          { reference: key.reference, format: "kms", ciphertext: json.ciphertext, plaintext, context },
        ],
      };
    },
  },
  {
    plan: (wires, key) => ({
      wire: "rest",
      request: wires.restRequest("POST", "/datakey", { key_id: key.reference }),
      messages: ({ json }) => [
        { reference: key.reference, format: "kms", ciphertext: json.ciphertext, plaintext: json.plaintext },
      ],
    }),
  },
  {
    onlyNamed: true,
    plan(wires, key, random) {
      const batch = Array.from({ length: 1 + random.integer(5) }, () => ({ plaintext: base64(random.text(20)) }));
      return {
        wire: "vault",
        request: wires.vaultRequest("POST", `transit/encrypt/${key.reference}`, { batch_input: batch }),
        messages: ({ json }) =>
          batch.map(({ plaintext }, index) => ({
            reference: key.reference,
            format: "transit",
            ciphertext: json.data.batch_results[index].ciphertext,
            plaintext,
          })),
      };
    },
  },
  {
    onlyNamed: true,
    plan: (wires, key) => ({
      wire: "vault",
      request: wires.vaultRequest("POST", `transit/datakey/plaintext/${key.reference}`, {}),
      messages: ({ json: { data } }) => [
        { reference: key.reference, format: "transit", ciphertext: data.ciphertext, plaintext: data.plaintext },
      ],
    }),
  },
];

/** Plans an encryption under an enabled key through any API that reaches it. */
export function planEncryption(wires: Wires, key: KeyModel, random: SeededRandom): PlannedEncryption {
  const named = key.keyId !== key.reference;
  return random.pick(encryptions.filter(({ onlyNamed }) => named || onlyNamed !== true)).plan(wires, key, random);
}

/** Decrypts a message through an API that knows its format, every other time through another one. */
export async function decryptMessage(wires: Wires, message: Message, turn: number): Promise<string> {
  const { reference, format, ciphertext, context = {} } = message;
  if (format === "transit") {
    return succeeded(await wires.vault("POST", `transit/decrypt/${reference}`, { ciphertext })).data.plaintext;
  }
  if (turn % 2 === 0) {
    const body = { CiphertextBlob: ciphertext, EncryptionContext: context };
    return succeeded(await wires.aws("Decrypt", body)).Plaintext;
  }
  const body = { key_id: reference, ciphertext, context, encoding: "base64" };
  return succeeded(await wires.rest("POST", "/decrypt", body)).plaintext;
}
