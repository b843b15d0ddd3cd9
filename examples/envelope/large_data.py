"""Envelope encryption of large data with boto3 and `cryptography`. Endpoint, region and credentials come from the environment.

A file is: two bytes with the length of the encrypted data key, that key, a 12-byte nonce, the ciphertext, a 16-byte tag.
What stands before the ciphertext is authenticated. Each file has a data key of its own, so one nonce is never used twice
with a key; AES-GCM allows 64 GiB a file.
"""

import os
import struct
import sys

import boto3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

CHUNK_BYTES = 1 << 20
NONCE_BYTES = 12
TAG_BYTES = 16


class LargeData:
    def __init__(self, key_id, kms=None):
        self.key_id = key_id
        self.kms = kms or boto3.client("kms")

    def encrypt_large_data(self, source, target, context):
        data_key = self.kms.generate_data_key(KeyId=self.key_id, KeySpec="AES_256", EncryptionContext=context)
        wrapped, nonce = data_key["CiphertextBlob"], os.urandom(NONCE_BYTES)
        header = struct.pack(">H", len(wrapped)) + wrapped + nonce
        cipher = Cipher(algorithms.AES(data_key["Plaintext"]), modes.GCM(nonce)).encryptor()
        cipher.authenticate_additional_data(header)
        with open(source, "rb") as plain, open(target, "xb") as sealed:
            sealed.write(header)
            while chunk := plain.read(CHUNK_BYTES):
                sealed.write(cipher.update(chunk))
            cipher.finalize()
            sealed.write(cipher.tag)

    def decrypt_large_data(self, source, target, context):
        """Nothing gets the name `target` before all of it is authentic."""
        partial = f"{target}.partial"
        with open(source, "rb") as sealed:
            (wrapped_bytes,) = struct.unpack(">H", sealed.read(2))
            wrapped, nonce = sealed.read(wrapped_bytes), sealed.read(NONCE_BYTES)
            body_at = sealed.tell()
            left = sealed.seek(-TAG_BYTES, os.SEEK_END) - body_at
            tag = sealed.read()
            sealed.seek(body_at)
            key = self.kms.decrypt(CiphertextBlob=wrapped, KeyId=self.key_id, EncryptionContext=context)["Plaintext"]
            cipher = Cipher(algorithms.AES(key), modes.GCM(nonce, tag)).decryptor()
            cipher.authenticate_additional_data(struct.pack(">H", wrapped_bytes) + wrapped + nonce)
            try:
                with open(partial, "xb") as plain:
                    while left > 0:
                        chunk = sealed.read(min(left, CHUNK_BYTES))
                        left -= len(chunk)
                        plain.write(cipher.update(chunk))
                    cipher.finalize()
                os.rename(partial, target)
            except InvalidTag:
                os.remove(partial)
                raise ValueError(f"{source} was changed, cut off, or is not of this key and context") from None


if __name__ == "__main__":
    action, key_id, source, target = sys.argv[1:]
    large_data = LargeData(key_id)
    act = {"encrypt": large_data.encrypt_large_data, "decrypt": large_data.decrypt_large_data}[action]
    act(source, target, {"file": "report"})
    print(f"{action}ed {source} to {target}")
