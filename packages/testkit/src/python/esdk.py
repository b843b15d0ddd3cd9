"""Runs jobs with the AWS Encryption SDK for Python: a JSON list of them on standard input, their outcomes on standard output.

A job is {"do": "encrypt" | "decrypt", "keys": [...], ...}; an outcome {"ok": ...} or {"error": class, "message": text}.
Bytes are base64. With "required", a list of names, the materials come from the AWS Cryptographic Material Providers.
"""

import base64
import json
import sys

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider

POLICY = CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT
OLD_POLICY = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT

AES = {
    16: WrappingAlgorithm.AES_128_GCM_IV12_TAG16_NO_PADDING,
    24: WrappingAlgorithm.AES_192_GCM_IV12_TAG16_NO_PADDING,
    32: WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
}

RSA = {
    "pkcs1": WrappingAlgorithm.RSA_PKCS1,
    "oaep-sha1": WrappingAlgorithm.RSA_OAEP_SHA1_MGF1,
    "oaep-sha256": WrappingAlgorithm.RSA_OAEP_SHA256_MGF1,
    "oaep-sha384": WrappingAlgorithm.RSA_OAEP_SHA384_MGF1,
    "oaep-sha512": WrappingAlgorithm.RSA_OAEP_SHA512_MGF1,
}


def wrapping_key_of(key):
    if key["type"] == "aes":
        material = base64.b64decode(key["material"])
        return WrappingKey(AES[len(material)], material, EncryptionKeyType.SYMMETRIC)
    return WrappingKey(RSA[key["padding"]], key["pem"].encode(), EncryptionKeyType[key["half"].upper()])


class RawKeys(RawMasterKeyProvider):
    """Raw keys of one namespace, by their names."""

    provider_id = None

    def __new__(cls, keys):
        provider = super().__new__(cls)
        provider.provider_id = keys[0]["namespace"]
        provider.keys = {key["name"].encode(): wrapping_key_of(key) for key in keys}
        return provider

    def __init__(self, keys):
        super().__init__()
        self.add_master_keys_from_list([key["name"] for key in keys])

    def _get_raw_key(self, key_id):
        return self.keys[key_id]


def provider_of(keys):
    """One provider of all keys: the first is primary."""
    if keys[0]["type"] == "kms":
        return aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[key["arn"] for key in keys])
    if keys[0]["type"] == "kms-discovery":
        return aws_encryption_sdk.DiscoveryAwsKmsMasterKeyProvider()
    return RawKeys(keys)


def required_names_manager(keys, names):
    """Materials whose context's `names` no message stores."""
    from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
    from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
    from aws_cryptographic_material_providers.mpl.models import (
        AesWrappingAlg,
        CreateDefaultCryptographicMaterialsManagerInput,
        CreateRawAesKeyringInput,
        CreateRequiredEncryptionContextCMMInput,
    )

    (key,) = keys
    providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
    keyring = providers.create_raw_aes_keyring(
        CreateRawAesKeyringInput(
            key_namespace=key["namespace"],
            key_name=key["name"],
            wrapping_key=base64.b64decode(key["material"]),
            wrapping_alg=AesWrappingAlg.ALG_AES256_GCM_IV12_TAG16,
        )
    )
    manager = providers.create_default_cryptographic_materials_manager(
        CreateDefaultCryptographicMaterialsManagerInput(keyring=keyring)
    )
    return providers.create_required_encryption_context_cmm(
        CreateRequiredEncryptionContextCMMInput(
            required_encryption_context_keys=names, underlying_cmm=manager, keyring=None
        )
    )


def materials_of(job):
    if "required" in job:
        return {"materials_manager": required_names_manager(job["keys"], job["required"])}
    return {"key_provider": provider_of(job["keys"])}


def encrypt(job):
    algorithm = Algorithm.get_by_id(job["suite"])
    client = aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=POLICY if algorithm.is_committing() else OLD_POLICY
    )
    message, _ = client.encrypt(
        source=base64.b64decode(job["plaintext"]),
        algorithm=algorithm,
        frame_length=job["frame_bytes"],
        encryption_context=job["context"],
        **materials_of(job),
    )
    return base64.b64encode(message).decode()


def decrypt(job):
    client = aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT if job.get("strict") else POLICY
    )
    brought = {"encryption_context": job["context"]} if "required" in job else {}
    plaintext, header = client.decrypt(source=base64.b64decode(job["message"]), **materials_of(job), **brought)
    stored = {name: value for name, value in header.encryption_context.items() if name != "aws-crypto-public-key"}
    return {"plaintext": base64.b64encode(plaintext).decode(), "context": stored}


def run(job):
    try:
        return {"ok": {"encrypt": encrypt, "decrypt": decrypt}[job["do"]](job)}
    except Exception as error:  # noqa: BLE001: what it says is what the test asks
        return {"error": type(error).__name__, "message": str(error)}


json.dump([run(job) for job in json.load(sys.stdin)], sys.stdout)
