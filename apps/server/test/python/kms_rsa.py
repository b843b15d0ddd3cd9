"""A KMS RSA keyring of the AWS Cryptographic Material Providers.

On standard input {"arn", "public_key": SPKI, "endpoint", "message", "context": {...}}; on standard output {"plaintext":
what the message says, "message": one of its own, of the same text}. Bytes are base64.
"""

import base64
import json
import sys

import aws_encryption_sdk
import boto3
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import CreateAwsKmsRsaKeyringInput
from aws_encryption_sdk.identifiers import AlgorithmSuite

job = json.load(sys.stdin)
pem = f"-----BEGIN PUBLIC KEY-----\n{job['public_key']}\n-----END PUBLIC KEY-----\n"
keyring = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig()).create_aws_kms_rsa_keyring(
    CreateAwsKmsRsaKeyringInput(
        kms_key_id=job["arn"],
        public_key=pem.encode(),
        encryption_algorithm="RSAES_OAEP_SHA_256",
        kms_client=boto3.client("kms", endpoint_url=job["endpoint"], region_name="us-east-1"),
    )
)
client = aws_encryption_sdk.EncryptionSDKClient()
plaintext, _ = client.decrypt(
    source=base64.b64decode(job["message"]), keyring=keyring, encryption_context=job["context"]
)
message, _ = client.encrypt(
    source=plaintext,
    keyring=keyring,
    encryption_context=job["context"],
    algorithm=AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
)
json.dump(
    {"plaintext": base64.b64encode(plaintext).decode(), "message": base64.b64encode(message).decode()}, sys.stdout
)
