import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorDetail, errorCodes } from "@coffer/service";
import { encodeKmsError, kmsError } from "./errors.ts";

const keyArn = "arn:aws:kms:us-east-1:000000000000:key/5b5e2e0c-3b7a-4c5f-9a51-1d8bd1e4f1a0";
const user = "arn:aws:iam::000000000000:user/u";
const reason = "A reason.";
const denied = { principalArn: user, action: "kms:Encrypt", resource: keyArn } as const;
const subject = `User: ${user} is not authorized to perform: kms:Encrypt on resource: ${keyArn}`;

/** Code and parameters, the operation, and the answer's status and body. */
const cases: readonly [ErrorDetail, string | undefined, number, object][] = [
  [
    { code: "InvalidInput", params: { kind: "validation", reason } },
    "Encrypt",
    400,
    { __type: "ValidationException", message: reason },
  ],
  [
    { code: "InvalidInput", params: { kind: "serialization", reason } },
    "Encrypt",
    400,
    { __type: "SerializationException", Message: reason },
  ],
  [
    { code: "InvalidInput", params: { kind: "size", reason } },
    "Encrypt",
    400,
    { __type: "ValidationException", message: reason },
  ],
  [
    { code: "InvalidInput", params: { kind: "method", reason } },
    "Encrypt",
    400,
    { __type: "ValidationException", message: reason },
  ],
  [
    { code: "InvalidInput", params: { kind: "aliasName", reason } },
    "CreateAlias",
    400,
    { __type: "InvalidAliasNameException", message: reason },
  ],
  [
    { code: "InvalidInput", params: { kind: "aliasName", reason } },
    "DeleteAlias",
    400,
    { __type: "ValidationException", message: reason },
  ],
  [
    { code: "InvalidInput", params: { kind: "arn", reason } },
    "EnableKey",
    400,
    { __type: "InvalidArnException", message: reason },
  ],
  [
    { code: "InvalidInput", params: { kind: "arn", reason } },
    "Encrypt",
    400,
    { __type: "NotFoundException", message: reason },
  ],
  [
    { code: "InvalidInput", params: { kind: "tag", reason } },
    "TagResource",
    400,
    { __type: "TagException", message: reason },
  ],
  [
    { code: "Unauthenticated", params: { failure: "missing", reason } },
    "Encrypt",
    400,
    { __type: "MissingAuthenticationTokenException", message: "Missing Authentication Token" },
  ],
  [
    { code: "Unauthenticated", params: { failure: "unknownAccessKey", reason } },
    "Encrypt",
    400,
    { __type: "UnrecognizedClientException", message: reason },
  ],
  [
    { code: "Unauthenticated", params: { failure: "unknownToken", reason } },
    "Encrypt",
    400,
    { __type: "UnrecognizedClientException", message: reason },
  ],
  [
    { code: "Unauthenticated", params: { failure: "signatureMismatch", reason } },
    "Encrypt",
    400,
    { __type: "InvalidSignatureException", message: reason },
  ],
  [
    { code: "Unauthenticated", params: { failure: "expired", reason } },
    "Encrypt",
    400,
    { __type: "InvalidSignatureException", message: reason },
  ],
  [
    { code: "Unauthenticated", params: { failure: "notYetCurrent", reason } },
    "Encrypt",
    400,
    { __type: "InvalidSignatureException", message: reason },
  ],
  [
    { code: "Unauthenticated", params: { failure: "incomplete", reason } },
    "Encrypt",
    400,
    { __type: "IncompleteSignatureException", message: reason },
  ],
  [
    { code: "AccessDenied", params: { ...denied, basis: "implicitDeny", source: "identity" } },
    "Encrypt",
    400,
    {
      __type: "AccessDeniedException",
      Message: `${subject} because no identity-based policy allows the kms:Encrypt action`,
    },
  ],
  [
    { code: "AccessDenied", params: { ...denied, basis: "implicitDeny", source: "resource" } },
    "Encrypt",
    400,
    {
      __type: "AccessDeniedException",
      Message: `${subject} because no resource-based policy allows the kms:Encrypt action`,
    },
  ],
  [
    { code: "AccessDenied", params: { ...denied, basis: "implicitDeny", source: "session" } },
    "Encrypt",
    400,
    { __type: "AccessDeniedException", Message: `${subject} because no session policy allows the kms:Encrypt action` },
  ],
  [
    { code: "AccessDenied", params: { ...denied, basis: "implicitDeny", source: "boundary" } },
    "Encrypt",
    400,
    {
      __type: "AccessDeniedException",
      Message: `${subject} because no permissions boundary allows the kms:Encrypt action`,
    },
  ],
  [
    { code: "AccessDenied", params: { ...denied, basis: "explicitDeny" } },
    "Encrypt",
    400,
    { __type: "AccessDeniedException", Message: `${subject} with an explicit deny in an identity-based policy` },
  ],
  [
    { code: "AccessDenied", params: { ...denied, basis: "explicitDeny", source: "boundary" } },
    "Encrypt",
    400,
    { __type: "AccessDeniedException", Message: `${subject} with an explicit deny in a permissions boundary` },
  ],
  [
    { code: "AccessDenied", params: { ...denied, basis: "explicitDeny", source: "foreign" } },
    "Encrypt",
    400,
    {
      __type: "AccessDeniedException",
      Message: `${subject} because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
    },
  ],
  [
    { code: "AccessDenied", params: { ...denied, basis: "ciphertextKey", source: "resource" } },
    "Decrypt",
    400,
    {
      __type: "AccessDeniedException",
      Message:
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
    },
  ],
  [
    { code: "NotFound", params: { resource: "key", id: keyArn } },
    "Encrypt",
    400,
    { __type: "NotFoundException", message: `Key '${keyArn}' does not exist` },
  ],
  [
    { code: "NotFound", params: { resource: "key", id: "arn:aws:kms:us-east-1:000000000000:key/a:key/b" } },
    "Encrypt",
    400,
    { __type: "NotFoundException", message: "Invalid keyId 'a:key/b'" },
  ],
  [
    { code: "NotFound", params: { resource: "keyVersion", id: "7" } },
    "Encrypt",
    400,
    { __type: "NotFoundException", message: "7 is not found." },
  ],
  [
    { code: "NotFound", params: { resource: "operation", id: "x" } },
    undefined,
    400,
    { __type: "UnknownOperationException" },
  ],
  [
    { code: "AlreadyExists", params: { resource: "alias", id: "arn" } },
    "CreateAlias",
    400,
    { __type: "AlreadyExistsException", message: "An alias with the name arn already exists" },
  ],
  [
    { code: "Conflict", params: { reason } },
    "RotateKeyOnDemand",
    400,
    { __type: "ConflictException", message: reason },
  ],
  [
    { code: "Conflict", params: { reason } },
    "DisableKey",
    503,
    { __type: "DependencyTimeoutException", message: reason },
  ],
  [
    { code: "LimitExceeded", params: { limit: "tags", max: 50, reason } },
    "TagResource",
    400,
    { __type: "TagException", message: "Too many tags" },
  ],
  [
    { code: "LimitExceeded", params: { limit: "aliasesPerKey", max: 50, reason } },
    "CreateAlias",
    400,
    { __type: "LimitExceededException", message: reason },
  ],
  [{ code: "Throttled", params: { reason } }, "Encrypt", 400, { __type: "ThrottlingException", message: reason }],
  [
    { code: "Unsupported", params: { reason } },
    "CreateKey",
    400,
    { __type: "UnsupportedOperationException", message: reason },
  ],
  [
    { code: "KeyDisabled", params: { keyArn } },
    "Encrypt",
    400,
    { __type: "DisabledException", message: `${keyArn} is disabled.` },
  ],
  [
    { code: "KeyStateInvalid", params: { keyArn, state: "pendingDestruction", reason } },
    "Encrypt",
    400,
    { __type: "KMSInvalidStateException", message: reason },
  ],
  [
    { code: "KeyUsageMismatch", params: { keyArn, usage: "SIGN_VERIFY", operation: "Encrypt" } },
    "Encrypt",
    400,
    {
      __type: "InvalidKeyUsageException",
      message: `${keyArn} key usage is SIGN_VERIFY which is not valid for Encrypt.`,
    },
  ],
  [
    {
      code: "KeyUsageMismatch",
      params: { keyArn, usage: "ENCRYPT_DECRYPT", operation: "Encrypt", algorithm: { name: "A", spec: "S" } },
    },
    "Encrypt",
    400,
    { __type: "InvalidKeyUsageException", message: "Algorithm A is incompatible with key spec S." },
  ],
  [
    { code: "KeyUnavailable", params: { keyArn } },
    "Encrypt",
    500,
    { __type: "KeyUnavailableException", message: `${keyArn} is unavailable.` },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "notFound", reason: "Why." } },
    "ConnectCustomKeyStore",
    400,
    { __type: "CustomKeyStoreNotFoundException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "nameInUse", reason: "Why." } },
    "CreateCustomKeyStore",
    400,
    { __type: "CustomKeyStoreNameInUseException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "invalidState", reason: "Why." } },
    "ConnectCustomKeyStore",
    400,
    { __type: "CustomKeyStoreInvalidStateException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "hasKeys", reason: "Why." } },
    "DeleteCustomKeyStore",
    400,
    { __type: "CustomKeyStoreHasCMKsException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "uriInUse", reason: "Why." } },
    "CreateCustomKeyStore",
    400,
    { __type: "XksProxyUriInUseException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "incorrectCredential", reason: "Why." } },
    "CreateCustomKeyStore",
    400,
    { __type: "XksProxyIncorrectAuthenticationCredentialException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "invalidConfiguration", reason: "Why." } },
    "CreateCustomKeyStore",
    400,
    { __type: "XksProxyInvalidConfigurationException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "invalidResponse", reason: "Why." } },
    "CreateCustomKeyStore",
    400,
    { __type: "XksProxyInvalidResponseException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "unreachable", reason: "Why." } },
    "CreateCustomKeyStore",
    400,
    { __type: "XksProxyUriUnreachableException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "keyInUse", reason: "Why." } },
    "CreateKey",
    400,
    { __type: "XksKeyAlreadyInUseException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "keyInvalid", reason: "Why." } },
    "CreateKey",
    400,
    { __type: "XksKeyInvalidConfigurationException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "keyNotFound", reason: "Why." } },
    "CreateKey",
    400,
    { __type: "XksKeyNotFoundException", message: "Why." },
  ],
  [
    { code: "KeyStoreInvalid", params: { problem: "accessDenied", reason: "Why." } },
    "CreateKey",
    400,
    { __type: "KMSInvalidStateException", message: "Why." },
  ],
  [
    { code: "IncorrectKey", params: {} },
    "Decrypt",
    400,
    {
      __type: "IncorrectKeyException",
      message: "The key ID in the request does not identify a CMK that can perform this operation.",
    },
  ],
  [{ code: "CiphertextInvalid", params: {} }, "Decrypt", 400, { __type: "InvalidCiphertextException" }],
  [{ code: "SignatureInvalid", params: {} }, "Verify", 400, { __type: "KMSInvalidSignatureException" }],
  [{ code: "MacInvalid", params: {} }, "VerifyMac", 400, { __type: "KMSInvalidMacException" }],
  [
    { code: "PolicyMalformed", params: { reason } },
    "PutKeyPolicy",
    400,
    { __type: "MalformedPolicyDocumentException", message: reason },
  ],
  [
    { code: "GrantTokenInvalid", params: {} },
    "Encrypt",
    400,
    { __type: "InvalidGrantTokenException", message: "The grant token is not valid." },
  ],
  [
    { code: "MarkerInvalid", params: {} },
    "ListKeys",
    400,
    { __type: "InvalidMarkerException", message: "The marker is not valid." },
  ],
  [
    { code: "GrantTokenInvalid", params: {} },
    "DescribeKey",
    400,
    { __type: "ValidationException", message: "The grant token is not valid." },
  ],
  [
    { code: "MarkerInvalid", params: {} },
    "ListKeyPolicies",
    400,
    { __type: "ValidationException", message: "The marker is not valid." },
  ],
  [
    { code: "KeyMaterialMismatch", params: { reason: "It is another material." } },
    "ImportKeyMaterial",
    400,
    { __type: "IncorrectKeyMaterialException", message: "It is another material." },
  ],
  [
    { code: "ImportTokenInvalid", params: {} },
    "ImportKeyMaterial",
    400,
    { __type: "InvalidImportTokenException", message: "The import token is not valid." },
  ],
  [
    { code: "ImportTokenExpired", params: {} },
    "ImportKeyMaterial",
    400,
    { __type: "ExpiredImportTokenException", message: "The import token has expired." },
  ],
  [
    { code: "DryRun", params: {} },
    "Encrypt",
    400,
    {
      __type: "DryRunOperationException",
      message: "The request would have succeeded, but the DryRun option is set.",
    },
  ],
  [
    { code: "Sealed", params: {} },
    "Encrypt",
    503,
    { __type: "DependencyTimeoutException", message: "Coffer is sealed. An operator has to unseal it." },
  ],
  [
    { code: "DeleteConflict", params: { reason } },
    "Encrypt",
    503,
    { __type: "DependencyTimeoutException", message: reason },
  ],
  [
    { code: "IdentityTokenInvalid", params: { kind: "invalid", reason } },
    "Encrypt",
    400,
    { __type: "ValidationException", message: reason },
  ],
  [
    { code: "AuditUnavailable", params: { reason } },
    "Encrypt",
    503,
    { __type: "DependencyTimeoutException", message: reason },
  ],
  [
    { code: "StoreUnavailable", params: { reason } },
    "Encrypt",
    503,
    { __type: "DependencyTimeoutException", message: reason },
  ],
  [
    { code: "DependencyTimeout", params: { reason } },
    "Encrypt",
    503,
    { __type: "DependencyTimeoutException", message: reason },
  ],
  [
    { code: "Internal", params: { errorId: "e-1" } },
    "Encrypt",
    500,
    {
      __type: "KMSInternalException",
      message: "An internal error occurred. Its id in the server's log is e-1.",
    },
  ],
];

describe("AWS KMS errors", () => {
  for (const [detail, operation, status, body] of cases) {
    it(`${detail.code} ${JSON.stringify(detail.params).slice(0, 60)} of ${operation ?? "nothing"}`, () => {
      const error = kmsError(detail, operation);
      assert.deepEqual([error.status, JSON.parse(encodeKmsError(error))], [status, body]);
    });
  }

  it("covers every code", () => {
    assert.deepEqual(new Set(cases.map(([{ code }]) => code)), new Set(Object.keys(errorCodes)));
  });
});
