import { aliasArn, createAlias, deleteAlias, listAliases, type RequestContext, updateAlias } from "@coffer/service";
import { defineCodec, encodeNothing, encodeOutput } from "./codec.ts";
import type { CreateAliasRequest } from "./generated/types.ts";
import { epochSeconds } from "./key-metadata.ts";
import { encodePage } from "./page.ts";
import { keyIdOnly, refuseInput } from "./refuse-parameter.ts";

/**
 * AWS's own checks of an alias name, after the model's pattern, which lets a colon pass.
 *
 * @throws ServiceError InvalidInput kind `validation`
 */
function checkAliasName(name: string): void {
  if (!name.startsWith("alias/")) {
    refuseInput(
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
      "aliasName",
    );
  }
  if (name.includes(":")) refuseInput(`${name} contains invalid characters for an alias`, "aliasName");
}

function decodeAlias({ AliasName, TargetKeyId }: CreateAliasRequest) {
  checkAliasName(AliasName);
  if (TargetKeyId.startsWith("alias/") || TargetKeyId.includes(":alias/")) {
    refuseInput("Aliases must refer to keys. Not aliases", "targetKeyId");
  }
  return { aliasName: AliasName, targetKeyId: TargetKeyId };
}

/** AWS KMS: CreateAlias. */
export const createAliasCodec = defineCodec("CreateAlias", {
  operation: createAlias,
  decode: decodeAlias,
  encode: encodeNothing,
});

/** AWS KMS: UpdateAlias. */
export const updateAliasCodec = defineCodec("UpdateAlias", {
  operation: updateAlias,
  decode: decodeAlias,
  encode: encodeNothing,
});

/** AWS KMS: DeleteAlias. */
export const deleteAliasCodec = defineCodec("DeleteAlias", {
  operation: deleteAlias,
  decode({ AliasName }) {
    checkAliasName(AliasName);
    return { aliasName: AliasName };
  },
  encode: encodeNothing,
});

/** AWS KMS: ListAliases. */
export const listAliasesCodec = defineCodec("ListAliases", {
  operation: listAliases,
  decode: ({ KeyId, Limit, Marker }, context: RequestContext) => ({
    keyId: KeyId === undefined ? undefined : keyIdOnly(KeyId, context),
    limit: Limit,
    marker: Marker,
  }),
  encode: (page) =>
    encodeOutput<"ListAliases">({
      Aliases: page.items.map((alias) => ({
        AliasName: alias.name,
        AliasArn: aliasArn(alias.region, alias.account, alias.name),
        TargetKeyId: alias.keyId,
        CreationDate: epochSeconds(alias.createdAtMs),
        LastUpdatedDate: epochSeconds(alias.updatedAtMs),
      })),
      ...encodePage(page),
    }),
});
