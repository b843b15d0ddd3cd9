import { specOfTransitType } from "@coffer/crypto";
import type { OperationConditions } from "../../../pipeline/operation.ts";

/** What policies may ask of material that comes from elsewhere: Transit's never expires. */
export const foreignMaterialConditions: OperationConditions = new Map([
  ["kms:expirationmodel", ["KEY_MATERIAL_DOES_NOT_EXPIRE"]],
]);

/**
 * What policies may ask of a key that is made of material from elsewhere, as of one that CreateKey makes.
 *
 * @param type Vault's name of the key's type; undefined where it is not known before the material is read
 */
export function foreignKeyConditions(type: string | undefined): OperationConditions {
  const row = type === undefined ? undefined : specOfTransitType(type);
  const usage =
    row?.signing === true ? "SIGN_VERIFY" : row?.encryption === undefined ? "GENERATE_VERIFY_MAC" : "ENCRYPT_DECRYPT";
  return new Map([
    ...foreignMaterialConditions,
    ["kms:keyorigin", ["EXTERNAL"]],
    ["kms:multiregion", ["false"]],
    ["kms:bypasspolicylockoutsafetycheck", ["false"]],
    ...(row === undefined
      ? []
      : ([
          ["kms:keyspec", [row.spec]],
          ["kms:keyusage", [usage]],
        ] as const)),
  ]);
}
