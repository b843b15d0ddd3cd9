import { keyArn, type RequestContext, ServiceError } from "@coffer/service";

/** @throws ServiceError InvalidInput kind `validation` with AWS's own sentence */
export function refuseInput(reason: string, member?: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason, ...(member === undefined ? {} : { member }) });
}

/** @throws ServiceError Unsupported for a feature of AWS KMS that Coffer does not have (yet) */
export function refuseUnsupported(feature: string): never {
  throw ServiceError.of("Unsupported", { reason: `${feature} is not supported by this release of Coffer.` });
}

/**
 * Lets pass what can be a key id or key ARN, for the operations that take no alias (AWS KMS API: `KeyId` of the operation).
 *
 * @throws ServiceError NotFound, as AWS answers an alias there
 */
export function keyIdOnly(reference: string, context: RequestContext): string {
  if (!reference.startsWith("alias/") && !reference.includes(":alias/")) return reference;
  throw ServiceError.of("NotFound", {
    resource: "key",
    id: keyArn(context.region, context.principal.account, reference),
  });
}
