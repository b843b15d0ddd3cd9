"""Makes messages.json with the AWS Encryption SDK for Python: `.venv/bin/python vectors/esdk/make-esdk.py > vectors/esdk/messages.json`.

The manifest is AWS's own, `awses-decrypt` version 2, with bytes in base64 in the place of its files. The keys are made for this
and protect nothing. Messages hold random bytes: another run writes others.
"""

import base64
import json

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import AlgorithmSuite, CommitmentPolicy, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

NAMESPACE = "coffer-vectors"
PLAINTEXT = bytes(range(256)) + b"the last frame"
CONTEXTS = [{}, {"purpose": "vectors"}, {"ключ": "значение", "B": "2", "a": "1", "🔑": "\ufeff", "～": ""}]

private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_PEM = private_key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()

AES = {
    "aes-128": (WrappingAlgorithm.AES_128_GCM_IV12_TAG16_NO_PADDING, bytes(range(16))),
    "aes-192": (WrappingAlgorithm.AES_192_GCM_IV12_TAG16_NO_PADDING, bytes(range(24))),
    "aes-256": (WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING, bytes(range(32))),
}
RSA = {
    ("pkcs1", None): WrappingAlgorithm.RSA_PKCS1,
    ("oaep-mgf1", "sha1"): WrappingAlgorithm.RSA_OAEP_SHA1_MGF1,
    ("oaep-mgf1", "sha256"): WrappingAlgorithm.RSA_OAEP_SHA256_MGF1,
    ("oaep-mgf1", "sha384"): WrappingAlgorithm.RSA_OAEP_SHA384_MGF1,
    ("oaep-mgf1", "sha512"): WrappingAlgorithm.RSA_OAEP_SHA512_MGF1,
}


class Keys(RawMasterKeyProvider):
    provider_id = NAMESPACE

    def __init__(self, keys):
        super().__init__()
        self.add_master_keys_from_list(list(keys))

    def __new__(cls, keys):
        provider = super().__new__(cls)
        provider.keys = {name.encode(): key for name, key in keys.items()}
        return provider

    def _get_raw_key(self, key_id):
        return self.keys[key_id]


def aes(name):
    algorithm, material = AES[name]
    master = {"type": "raw", "key": name, "provider-id": NAMESPACE, "encryption-algorithm": "aes", "padding-algorithm": None}
    return master, name, WrappingKey(algorithm, material, EncryptionKeyType.SYMMETRIC)


def rsa_key(padding, padding_hash):
    master = {"type": "raw", "key": "rsa-2048", "provider-id": NAMESPACE, "encryption-algorithm": "rsa"}
    master["padding-algorithm"] = padding
    if padding_hash is not None:
        master["padding-hash"] = padding_hash
    return master, "rsa-2048", WrappingKey(RSA[padding, padding_hash], PRIVATE_PEM.encode(), EncryptionKeyType.PRIVATE)


tests = {}


def encrypt(name, suite, frame_length, context, keys, plaintext=PLAINTEXT):
    policy = (
        CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
        if suite.is_committing()
        else CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
    )
    message, _ = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy).encrypt(
        source=plaintext,
        key_provider=Keys({key_name: key for _, key_name, key in keys}),
        algorithm=suite,
        frame_length=frame_length,
        encryption_context=context,
    )
    masters = [master for master, _, _ in keys]
    add(name, message, masters, {"output": {"plaintext": base64.b64encode(plaintext).decode()}})
    return message, masters


def add(name, message, masters, result):
    assert name not in tests, name
    tests[name] = {
        "description": name,
        "ciphertext": base64.b64encode(message).decode(),
        "master-keys": masters,
        "result": result,
    }


def negative(name, message, masters):
    add(name, message, masters, {"error": {"error-description": name}})


for index, suite in enumerate(AlgorithmSuite):
    for frame_length in (128, 0):
        form = "frames" if frame_length else "one block"
        key = aes(list(AES)[index % 3])
        encrypt(f"{suite.name}, {form}", suite, frame_length, CONTEXTS[index % 3], [key])
for padding, padding_hash in RSA:
    suite = AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384
    encrypt(f"RSA, {padding}, {padding_hash}", suite, 128, CONTEXTS[2], [rsa_key(padding, padding_hash)])
    suite = AlgorithmSuite.AES_192_GCM_IV12_TAG16_HKDF_SHA256
    encrypt(f"RSA, {padding}, {padding_hash}, 192 bits", suite, 0, {}, [rsa_key(padding, padding_hash)])
encrypt("three keys", AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY, 4096, {}, [aes(name) for name in AES])
encrypt("no plaintext", AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY, 4096, {}, [aes("aes-256")], b"")
encrypt("whole frames", AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY, 128, {}, [aes("aes-256")], bytes(256))

signing = AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384
good, masters = encrypt("signed, to be damaged", signing, 128, CONTEXTS[1], [aes("aes-256")])
length = len(good)
for name, offset in [
    ("a bit of the message id flipped", 10),
    ("a bit of the context flipped", 60),
    ("a bit of the first frame flipped", length - 450),
    ("a bit of the last frame's tag flipped", length - 110),
    ("a bit of the signature flipped", length - 20),
]:
    negative(name, good[:offset] + bytes([good[offset] ^ 1]) + good[offset + 1 :], masters)
info = good.index(b"aes-256")
negative("the key's name changed", good[:info] + b"aes-257" + good[info + 7 :], masters)
negative("cut off in the header", good[:100], masters)
negative("cut off in a frame", good[: length - 300], masters)
negative("cut off in the signature", good[:-1], masters)
negative("without its signature", good[: -105], masters)
negative("another suite of the same data key", good[:1] + b"\x04\x78" + good[3:], masters)

keys = {
    name: {"encrypt": True, "decrypt": True, "algorithm": "aes", "type": "symmetric", "encoding": "base64",
           "line-separator": "", "material": [base64.b64encode(material).decode()]}
    for name, (_, material) in AES.items()
}
keys["rsa-2048"] = {"encrypt": True, "decrypt": True, "algorithm": "rsa", "type": "private", "encoding": "pem",
                    "line-separator": "\n", "material": PRIVATE_PEM.strip().split("\n")}
print(
    json.dumps(
        {
            "manifest": {"type": "awses-decrypt", "version": 2},
            "client": {"name": "aws/aws-encryption-sdk-python", "version": aws_encryption_sdk.__version__},
            "keys": keys,
            "tests": tests,
        },
        indent=1,
        ensure_ascii=False,
    )
)
