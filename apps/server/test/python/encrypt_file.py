"""Encrypts or decrypts a file with the AWS Encryption SDK for Python: encrypt|encrypt-old|decrypt IN OUT [KEY_ARN]."""

import sys

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import CommitmentPolicy

action, source, target, *keys = sys.argv[1:]
old = action == "encrypt-old"
client = aws_encryption_sdk.EncryptionSDKClient(
    commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
    if old
    else CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
)
if action == "decrypt":
    arguments = {"mode": "d", "key_provider": aws_encryption_sdk.DiscoveryAwsKmsMasterKeyProvider()}
else:
    provider = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=keys)
    arguments = {"mode": "e", "key_provider": provider, "encryption_context": {"a": "b"}}
with open(source, "rb") as plain, open(target, "wb") as out:
    with client.stream(source=plain, **arguments) as stream:
        for chunk in stream:
            out.write(chunk)
