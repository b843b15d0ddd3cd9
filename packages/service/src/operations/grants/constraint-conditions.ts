import type { GrantConstraints } from "../../model/grant.ts";
import { contextConditions } from "../message.ts";

/**
 * What policies see of a grant's constraints: their kinds, and the pairs that they ask for as the encryption context
 * (AWS KMS developer guide: condition keys).
 */
export function constraintConditions(constraints: GrantConstraints): Map<string, readonly string[]> {
  const { encryptionContextEquals, encryptionContextSubset, sourceArn } = constraints;
  const pairs = encryptionContextEquals ?? encryptionContextSubset;
  const conditions = new Map(contextConditions({ encryptionContext: pairs }));
  conditions.delete("kms:encryptionalgorithm");
  const types = [
    ...(encryptionContextEquals === undefined ? [] : ["EncryptionContextEquals"]),
    ...(encryptionContextSubset === undefined ? [] : ["EncryptionContextSubset"]),
    ...(sourceArn === undefined ? [] : ["SourceArn"]),
  ];
  if (types.length > 0) conditions.set("kms:grantconstrainttype", types);
  return conditions;
}
