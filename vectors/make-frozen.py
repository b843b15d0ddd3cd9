"""Makes the frozen vectors of Coffer's own formats from their written definition alone, with python `cryptography`.

An implementation independent of packages/crypto: it shares no code with it, and its inputs are fixed, so that a second
run writes the same bytes. Released files are never regenerated with other content; a new format is a new file.

    python vectors/make-frozen.py
"""

import base64
import hashlib
import json
import pathlib
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode

HERE = pathlib.Path(__file__).parent


def fixed(label, length):
    """Bytes that look random and are the same on every run."""
    blocks = (hashlib.sha256(f"{label}/{i}".encode()).digest() for i in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def u32(number):
    return struct.pack(">I", number)


def prefixed(text):
    raw = text.encode()
    return u32(len(raw)) + raw


def encode_context(context):
    pairs = sorted(context.items(), key=lambda pair: pair[0].encode())
    return u32(len(pairs)) + b"".join(prefixed(key) + prefixed(value) for key, value in pairs)


def encode_identity(fields):
    return u32(len(fields)) + b"".join(prefixed(field) for field in fields)


def message_keys(material, label, context):
    kdf = KBKDFHMAC(
        algorithm=hashes.SHA512(), mode=Mode.CounterMode, length=64, rlen=4, llen=4,
        location=CounterLocation.BeforeFixed, label=label.encode(), context=context, fixed=None,
    )
    block = kdf.derive(material)
    return block[:32], block[32:]


def seal(material, label, start, plaintext, aad):
    key, commitment = message_keys(material, label, start)
    header = start + commitment
    return header + AESGCM(key).encrypt(bytes(12), plaintext, header + aad)


def key_id_field(key_id):
    kind, digits = (1, key_id[4:]) if key_id.startswith("mrk-") else (0, key_id.replace("-", ""))
    return bytes([kind]) + bytes.fromhex(digits)


def write(name, note, cases):
    text = json.dumps({"note": note, "cases": cases}, indent=2, ensure_ascii=True) + "\n"
    (HERE / name).write_text(text)


UUID = "1234abcd-12ab-34cd-56ef-1234567890ab"
MRK = "mrk-0987dcba09fe87dc65ba0987dcba65fe"
PLAINTEXTS = {"empty": 0, "one byte": 1, "a data key": 32, "a block and a bit": 17, "4096 bytes": 4096}


def kms_blob_cases():
    inputs = [(name, UUID, 1, fixed(name, length), {}) for name, length in PLAINTEXTS.items()]
    inputs += [
        ("one pair", UUID, 1, b"plaintext", {"purpose": "test"}),
        ("pairs not in order", UUID, 2, b"plaintext", {"b": "2", "a": "1", "aa": "", "": "empty key"}),
        ("unicode, where UTF-8 and UTF-16 order differ", UUID, 7, "gr\u00fc\u00dfe".encode(),
         {"\U0001f600": "smile", "\uff5e": "wave", "stra\u00dfe": "\u6771\u4eac", "a": "b"}),
        ("multi-Region key", MRK, 1, b"plaintext", {"a": "b"}),
        ("highest version", UUID, 2**32 - 1, b"plaintext", {"a": "b"}),
        ("all-zero key id", "00000000-0000-0000-0000-000000000000", 1, b"plaintext", {}),
    ]
    for name, key_id, version, plaintext, context in inputs:
        material, nonce = fixed("kms material " + name, 32), fixed("kms nonce " + name, 32)
        start = b"\x01CFR\x01\x01" + key_id_field(key_id) + u32(version) + nonce
        aad = encode_context(context)
        yield {
            "name": name, "materialHex": material.hex(), "keyId": key_id, "keyVersion": version,
            "context": context, "aadHex": aad.hex(), "nonceHex": nonce.hex(), "plaintextHex": plaintext.hex(),
            "ciphertextHex": seal(material, "coffer kms blob v1", start, plaintext, aad).hex(),
        }


def transit_cases():
    inputs = [(name, 1, fixed(name, length), b"") for name, length in PLAINTEXTS.items()]
    inputs += [
        ("associated data", 1, b"plaintext", b"associated"),
        ("unicode associated data", 12, b"plaintext", "\u6771\u4eac \U0001f600".encode()),
        ("highest version", 2**31 - 1, b"plaintext", b""),
    ]
    for name, version, plaintext, aad in inputs:
        material, nonce = fixed("transit material " + name, 32), fixed("transit nonce " + name, 12)
        body = nonce + AESGCM(material).encrypt(nonce, plaintext, aad)
        yield {
            "name": name, "materialHex": material.hex(), "keyVersion": version, "aadHex": aad.hex(),
            "nonceHex": nonce.hex(), "plaintextHex": plaintext.hex(),
            "ciphertext": f"vault:v{version}:{base64.b64encode(body).decode()}",
        }


def external_cases():
    inputs = [(name, 1, fixed(name, length or 1), b"") for name, length in PLAINTEXTS.items()]
    inputs += [("associated data", 2, b"plaintext", b"associated"), ("highest version", 2**32 - 1, b"plaintext", b"x" * 8192)]
    for name, version, plaintext, aad in inputs:
        material, random = fixed("external material " + name, 32), fixed("external random " + name, 27)
        metadata, iv = b"\x01" + u32(version) + random[:15], random[15:]
        key, _ = message_keys(material, "coffer xks v1", metadata + iv)
        bound = struct.pack(">H", len(aad)) + aad + bytes([len(metadata)]) + metadata
        body = AESGCM(key).encrypt(iv, plaintext, bound)
        ciphertext, tag = body[:-16], body[-16:]
        header = b"\x01CFR\x02\x01" + key_id_field(UUID) + u32(version)
        yield {
            "name": name, "materialHex": material.hex(), "keyVersion": version, "aadHex": aad.hex(),
            "randomHex": random.hex(), "plaintextHex": plaintext.hex(), "metadataHex": metadata.hex(), "ivHex": iv.hex(),
            "ciphertextHex": ciphertext.hex(), "tagHex": tag.hex(),
            "integrityHex": hashlib.sha256(aad + metadata + iv + ciphertext + tag).hexdigest(),
            "keyId": UUID, "blobAadHex": (header + hashlib.sha256(aad).digest()).hex(),
            "blobHex": (header + bytes([len(iv), len(metadata)]) + iv + metadata + tag + ciphertext).hex(),
        }


def key_wrap_cases():
    inputs = [
        ("key version", 32, ["coffer key version v1", "us-east-1", UUID, "1"]),
        ("no fields", 32, []),
        ("empty field", 32, [""]),
        ("unicode", 20, ["\u6771\u4eac", "\U0001f600"]),
        ("long secret", 1190, ["coffer setting v1", "audit.signingKey"]),
    ]
    for name, length, fields in inputs:
        wrapping_key, nonce = fixed("wrap key " + name, 32), fixed("wrap nonce " + name, 32)
        secret, identity = fixed("wrap secret " + name, length), encode_identity(fields)
        yield {
            "name": name, "wrappingKeyHex": wrapping_key.hex(), "identityFields": fields,
            "identityHex": identity.hex(), "nonceHex": nonce.hex(), "secretHex": secret.hex(),
            "wrappedHex": seal(wrapping_key, "coffer key wrap v1", b"\x01" + nonce, secret, identity).hex(),
        }


def message_key_cases():
    for label, length in [("coffer kms blob v1", 59), ("coffer key wrap v1", 33), ("x", 0), ("another label", 1000)]:
        material, context = fixed("kdf material " + label, 32), fixed("kdf context " + label, length)
        key, commitment = message_keys(material, label, context)
        yield {
            "name": f"{label}, context of {length} bytes", "materialHex": material.hex(), "label": label,
            "contextHex": context.hex(), "encryptionKeyHex": key.hex(), "commitmentHex": commitment.hex(),
        }


def key_material_id_cases():
    for account, region, key_id, version in [("000000000000", "us-east-1", UUID, 1), ("111122223333", "eu-central-1", MRK, 25)]:
        identity = encode_identity(["coffer key material id v1", account, region, key_id, str(version)])
        yield {
            "account": account, "region": region, "keyId": key_id, "keyVersion": version,
            "keyMaterialId": hashlib.sha256(identity).hexdigest(),
        }


def passphrase_cases():
    for passphrase, memory, passes, lanes in [("correct horse battery staple", 1024, 2, 2), ("\u6771\u4eac", 65536, 3, 4), ("", 64, 1, 1)]:
        salt = fixed("salt " + passphrase, 16)
        kdf = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory)
        yield {
            "passphrase": passphrase, "saltHex": salt.hex(), "memoryKiB": memory, "passes": passes,
            "parallelism": lanes, "keyHex": kdf.derive(passphrase.encode()).hex(),
        }


write("kms-blob-v1.json", "KMS ciphertext blobs, format 1. Frozen.", list(kms_blob_cases()))
write("transit-v1.json", "Transit ciphertexts of the type aes256-gcm96. Frozen.", list(transit_cases()))
write("external-v1.json", "Ciphertexts of the XKS proxy, and KMS ciphertext blobs of format 2. Frozen.", list(external_cases()))
write("key-wrap-v1.json", "Wrapped key material, format 1. Frozen.", list(key_wrap_cases()))
write("message-keys-v1.json", "SP 800-108r1 counter mode with HMAC-SHA512, one block. Frozen.", list(message_key_cases()))
write("key-material-id-v1.json", "Key material ids. Frozen.", list(key_material_id_cases()))
write("passphrase-v1.json", "Keys from passphrases by Argon2id. Frozen.", list(passphrase_cases()))
