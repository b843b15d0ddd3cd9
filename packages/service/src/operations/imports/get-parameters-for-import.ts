import { encodePublicKey, findImportWrapping, findKeySpec, importWrappingKeySpecs, publicKeyOf } from "@coffer/crypto";
import { invariant, ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { type KeyInput, livingStates, namedKey } from "../shared.ts";
import { sealImportToken } from "./import-token.ts";

export interface GetParametersForImportInput extends KeyInput {
  /** AWS's names. */
  readonly wrappingAlgorithm: string;
  readonly wrappingKeySpec: string;
}

export interface GetParametersForImportOutput {
  readonly keyArn: string;
  readonly importToken: Buffer;
  /** SubjectPublicKeyInfo, DER: wrap the material to it. */
  readonly publicKey: Buffer;
  readonly expiresAtMs: number;
}

const hourMs = 3_600_000;

/** AWS KMS: GetParametersForImport. Token and public key go together, and are good for a day. */
export const getParametersForImport = defineOperation<GetParametersForImportInput, GetParametersForImportOutput>({
  name: "GetParametersForImport",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:GetParametersForImport", livingStates, { customerOnly: true, origins: ["EXTERNAL"] })],
  conditions: ({ wrappingAlgorithm, wrappingKeySpec }) =>
    new Map([
      ["kms:wrappingalgorithm", [wrappingAlgorithm]],
      ["kms:wrappingkeyspec", [wrappingKeySpec]],
    ]),
  record: ({ keyId, wrappingAlgorithm, wrappingKeySpec }) => ({ keyId, wrappingAlgorithm, wrappingKeySpec }),
  async run({ core, keys, input, nowMs }) {
    const key = keys[0]!;
    const { wrappingAlgorithm, wrappingKeySpec } = input;
    const spec = importWrappingKeySpecs.has(wrappingKeySpec) ? findKeySpec(wrappingKeySpec) : undefined;
    if (spec === undefined || findImportWrapping(wrappingAlgorithm) === undefined) {
      const reason = `Wrapping by ${wrappingAlgorithm} with a key of spec ${wrappingKeySpec} is not supported. Use RSAES_OAEP_SHA_256, or RSA_AES_KEY_WRAP_SHA_256 for long material, with RSA_4096.`;
      throw ServiceError.of("Unsupported", { reason });
    }
    using material = await spec.generate();
    const privateKey = spec.load(material);
    invariant(privateKey !== undefined, "generated material is of its spec");
    const { region, keyId } = key.record;
    const expiresAtMs = nowMs + limits.importTokenHours.value * hourMs;
    const facts = { region, keyId, wrapping: wrappingAlgorithm, expiresAtMs };
    return {
      keyArn: key.arn,
      importToken: sealImportToken(core, facts, privateKey),
      publicKey: encodePublicKey(publicKeyOf(privateKey)),
      expiresAtMs,
    };
  },
});
