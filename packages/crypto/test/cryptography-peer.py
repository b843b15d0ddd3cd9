"""The other side of cryptography.test.ts: reads cases as JSON, verifies, signs, encrypts and agrees, and answers as JSON."""
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512, "1": hashes.SHA1}
SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
PKCS8 = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def hash_of(name):
    return HASHES[name.rsplit("_", 1)[1]]()


def options(name, message_type):
    """What sign and verify take after the message."""
    algorithm = hash_of(name)
    given = Prehashed(algorithm) if message_type == "DIGEST" else algorithm
    if name.startswith("ECDSA"):
        return [ec.ECDSA(given)]
    if "PSS" in name:
        return [padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), given]
    return [] if name.startswith("ED25519") else [padding.PKCS1v15(), given]


def sign(case, private_key, public_key):
    message, signature = bytes.fromhex(case["messageHex"]), bytes.fromhex(case["signatureHex"])
    arguments = options(case["algorithm"], case["type"])
    try:
        public_key.verify(signature, message, *arguments)
        valid = True
    except InvalidSignature:
        valid = False
    return {"valid": valid, "signatureHex": private_key.sign(message, *arguments).hex()}


def encrypt(case, private_key, public_key):
    algorithm = hash_of(case["algorithm"])
    oaep = padding.OAEP(padding.MGF1(algorithm), algorithm, None)
    plaintext = private_key.decrypt(bytes.fromhex(case["ciphertextHex"]), oaep)
    return {"plaintextHex": plaintext.hex(), "ciphertextHex": public_key.encrypt(plaintext, oaep).hex()}


def agree(case, private_key, public_key):
    peer = ec.generate_private_key(private_key.curve)
    return {
        "peerPublicKeyHex": peer.public_key().public_bytes(*SPKI).hex(),
        "peerPrivateKeyHex": peer.private_bytes(*PKCS8).hex(),
        "secretHex": peer.exchange(ec.ECDH(), public_key).hex(),
    }


def answer(case):
    private_key = serialization.load_der_private_key(bytes.fromhex(case["privateKeyHex"]), None)
    public_key = serialization.load_der_public_key(bytes.fromhex(case["publicKeyHex"]))
    same = private_key.public_key().public_bytes(*SPKI) == bytes.fromhex(case["publicKeyHex"])
    return {"samePublicKey": same, **{"sign": sign, "encrypt": encrypt, "agree": agree}[case["kind"]](case, private_key, public_key)}


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
