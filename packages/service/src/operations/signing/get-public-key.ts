import { encodePublicKey } from "@coffer/crypto";
import { ServiceError } from "../../errors.ts";
import type { KeyRecord } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { activeOnly, type KeyInput, namedKey } from "../shared.ts";

export interface GetPublicKeyOutput {
  readonly key: KeyRecord;
  readonly keyArn: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
}

/** AWS KMS: GetPublicKey. */
export const getPublicKey = defineOperation<KeyInput, GetPublicKeyOutput>({
  name: "GetPublicKey",
  plane: "data",
  readOnly: true,
  keys: [namedKey("kms:GetPublicKey", activeOnly)],
  record: ({ keyId }) => ({ keyId }),
  async run({ keys }) {
    const key = keys[0]!;
    if (!key.isPair) {
      const reason = `${key.arn} key spec is ${key.record.spec} which is not valid for this operation.`;
      throw ServiceError.of("Unsupported", { reason });
    }
    return { key: key.record, keyArn: key.arn, publicKey: encodePublicKey(await key.currentPublicKey()) };
  },
});
