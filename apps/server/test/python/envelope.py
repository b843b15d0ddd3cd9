"""Envelope encryption with boto3, as a user writes it. Endpoint, region and credentials come from the environment.

usage: envelope.py KEY_ID
"""

import os
import sys

import boto3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

key_id = sys.argv[1]
context = {"purpose": "report"}
report = os.urandom(100_000)

kms = boto3.client("kms")
data_key = kms.generate_data_key(KeyId=key_id, KeySpec="AES_256", EncryptionContext=context)
assert len(data_key["Plaintext"]) == 32
nonce = os.urandom(12)
stored = {
    "data_key": data_key["CiphertextBlob"],
    "nonce": nonce,
    "report": AESGCM(data_key["Plaintext"]).encrypt(nonce, report, b"report 1"),
}
del data_key
assert report not in stored["report"]

opened = boto3.client("kms").decrypt(CiphertextBlob=stored["data_key"], EncryptionContext=context)
assert AESGCM(opened["Plaintext"]).decrypt(stored["nonce"], stored["report"], b"report 1") == report
print("the report came back under", opened["KeyId"])

try:
    kms.decrypt(CiphertextBlob=stored["data_key"], EncryptionContext={"purpose": "other"})
except kms.exceptions.InvalidCiphertextException:
    print("another context was refused")

try:
    AESGCM(opened["Plaintext"]).decrypt(stored["nonce"], stored["report"][:-1] + b"\0", b"report 2")
except InvalidTag:
    print("a changed report was refused")
