"""Writes import-wrapping.json: key material wrapped for import by Python's `cryptography`, with the wrapping pairs.

The pairs, materials and paddings are random, so another run writes another file that does as well.
"""
import json
import os
import pathlib

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa


def pkcs8(key):
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def oaep(key, hash_function, plaintext, mgf_hash=None, label=None):
    mgf = padding.MGF1(mgf_hash or hash_function)
    return key.public_key().encrypt(plaintext, padding.OAEP(mgf, hash_function, label))


def rsa_aes(key, hash_function, plaintext, wrap=keywrap.aes_key_wrap_with_padding, aes_bytes=32):
    aes = os.urandom(aes_bytes)
    return oaep(key, hash_function, aes) + wrap(aes, plaintext)


sha1, sha256 = hashes.SHA1(), hashes.SHA256()
keys, cases = [], []
for bits in (2048, 3072, 4096):
    key = rsa.generate_private_key(65537, bits)
    keys.append({"spec": f"RSA_{bits}", "pkcs8Hex": pkcs8(key).hex()})

    def add(algorithm, what, material, wrapped, valid=True):
        cases.append({
            "spec": f"RSA_{bits}", "algorithm": algorithm, "what": what, "wrappedHex": wrapped.hex(),
            "materialHex": material.hex() if valid else None,
        })

    short, p256 = os.urandom(32), pkcs8(ec.generate_private_key(ec.SECP256R1()))
    long = pkcs8(rsa.generate_private_key(65537, 4096))
    for hash_name, used, other in (("SHA_1", sha1, sha256), ("SHA_256", sha256, sha1)):
        name = f"RSAES_OAEP_{hash_name}"
        add(name, "32 bytes", short, oaep(key, used, short))
        add(name, "P-256 private key", p256, oaep(key, used, p256))
        add(name, "one byte", b"\x00", oaep(key, used, b"\x00"))
        add(name, "nothing", b"", oaep(key, used, b""), False)
        add(name, "another hash", short, oaep(key, other, short), False)
        add(name, "another hash in MGF1", short, oaep(key, used, short, mgf_hash=other), False)
        add(name, "a label", short, oaep(key, used, short, label=b"label"), False)
        add(name, "PKCS #1 v1.5", short, key.public_key().encrypt(short, padding.PKCS1v15()), False)
        name = f"RSA_AES_KEY_WRAP_{hash_name}"
        add(name, "32 bytes", short, rsa_aes(key, used, short))
        add(name, "P-256 private key", p256, rsa_aes(key, used, p256))
        add(name, "RSA-4096 private key", long, rsa_aes(key, used, long))
        add(name, "one byte", b"\x00", rsa_aes(key, used, b"\x00"))
        add(name, "another hash", short, rsa_aes(key, other, short), False)
        add(name, "key wrap without padding", short, rsa_aes(key, used, short, wrap=keywrap.aes_key_wrap), False)
        add(name, "an AES-128 key", short, rsa_aes(key, used, short, aes_bytes=16), False)
        add(name, "no material", b"", oaep(key, used, os.urandom(32)), False)
        add(name, "the material under OAEP", short, oaep(key, used, short), False)

path = pathlib.Path(__file__).parent / "import-wrapping.json"
path.write_text(json.dumps({"keys": keys, "cases": cases}, indent=1) + "\n")
