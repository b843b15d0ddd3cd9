"""A hierarchical keyring of the AWS Cryptographic Material Providers on branch keys that stand in for a DynamoDB table.

On standard input {"items": [...], "arn", "name", "branch_key_id", "endpoint", "message": base64, "context": {...}}; on
standard output {"plaintext": what the message says, "message": one of its own, of the same text}, in base64.
"""

import base64
import json
import sys

import aws_encryption_sdk
import boto3
from aws_cryptographic_material_providers.keystore.client import KeyStore
from aws_cryptographic_material_providers.keystore.config import KeyStoreConfig
from aws_cryptographic_material_providers.keystore.models import KMSConfigurationKmsKeyArn
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import CreateAwsKmsHierarchicalKeyringInput


class Table:
    """What the key store asks of a DynamoDB client."""

    class meta:  # noqa: N801: as boto3 names it
        region_name = "us-east-1"

    def __init__(self, items):
        self.items = {(item["branch-key-id"], item["type"]): item for item in items}

    def get_item(self, Key, **_):  # noqa: N803: as boto3 names it
        item = self.items.get((Key["branch-key-id"]["S"], Key["type"]["S"]))
        return {} if item is None else {"Item": {name: attribute(name, value) for name, value in item.items()}}


def attribute(name, value):
    if name == "enc":
        return {"B": base64.b64decode(value)}
    return {"N" if name == "hierarchy-version" else "S": value}


job = json.load(sys.stdin)
store = KeyStore(
    config=KeyStoreConfig(
        ddb_table_name="branch-keys",
        ddb_client=Table(job["items"]),
        kms_configuration=KMSConfigurationKmsKeyArn(job["arn"]),
        kms_client=boto3.client("kms", endpoint_url=job["endpoint"], region_name="us-east-1"),
        logical_key_store_name=job["name"],
    )
)
keyring = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig()).create_aws_kms_hierarchical_keyring(
    CreateAwsKmsHierarchicalKeyringInput(key_store=store, branch_key_id=job["branch_key_id"], ttl_seconds=60)
)
client = aws_encryption_sdk.EncryptionSDKClient()
plaintext, _ = client.decrypt(
    source=base64.b64decode(job["message"]), keyring=keyring, encryption_context=job["context"]
)
message, _ = client.encrypt(source=plaintext, keyring=keyring, encryption_context=job["context"])
json.dump(
    {"plaintext": base64.b64encode(plaintext).decode(), "message": base64.b64encode(message).decode()}, sys.stdout
)
