"""Trims Wycheproof's vectors to those that our tests read: python3 trim-rsa-ecc.py CHECKOUT

CHECKOUT is a clone of https://github.com/C2SP/wycheproof at the commit that ../README.md names. Left out are members that
say a thing twice, and whole files of curves, hashes and key sizes that no algorithm of ours has. Of RSA signatures, one
file stands for each hash and for each size. Where there are many of a kind (Wycheproof's flags) in one file, all but the
first few are left out. Another run writes the same files.
"""
import base64
import collections
import gzip
import json
import pathlib
import sys

source = pathlib.Path(sys.argv[1]) / "testvectors_v1"
target = pathlib.Path(__file__).parent


def tests(*names):
    """Each test with the members of its group beside its own, and the name of its file."""
    for name in names:
        for group in json.loads((source / f"{name}_test.json").read_text())["testGroups"]:
            shared = {key: value for key, value in group.items() if key not in ("tests", "source")}
            for test in group["tests"]:
                yield {"file": name, **shared, **test}


def first_of_each_kind(cases, most):
    seen = collections.Counter()
    for case in cases:
        kind = (case["file"], case["result"], tuple(case["flags"]))
        seen[kind] += 1
        if seen[kind] <= most:
            yield case


def der(pem):
    """The bytes of a PEM, as hex; None where it is none."""
    lines = [line for line in pem.splitlines() if not line.startswith("-----")]
    return base64.b64decode("".join(lines), validate=True).hex()


def pick(case, **members):
    picked = {name: case[name] for name in ("file", "tcId", "result", "flags")}
    picked.update({ours: case[theirs] for ours, theirs in members.items()})
    return picked


def write(name, cases):
    cases = list(cases)
    text = json.dumps({"cases": cases}, separators=(",", ":")) + "\n"
    packed = gzip.compress(text.encode(), 9, mtime=0)
    (target / f"{name}.json.gz").write_bytes(packed)
    print(name, len(cases), len(packed))


OURS = ("SHA-256", "SHA-384", "SHA-512")

write("rsa-oaep-decrypt", (
    pick(case, keyBits="keySize", hash="sha", mgfHash="mgfSha", privateKeyDerHex="privateKeyPkcs8", labelHex="label",
         plaintextHex="msg", ciphertextHex="ct")
    for case in tests("rsa_oaep_2048_sha1_mgf1sha1", "rsa_oaep_2048_sha256_mgf1sha1", "rsa_oaep_2048_sha256_mgf1sha256",
                      "rsa_oaep_3072_sha256_mgf1sha256", "rsa_oaep_4096_sha256_mgf1sha256",
                      "rsa_three_primes_oaep_2048_sha1_mgf1sha1", "rsa_three_primes_oaep_4096_sha256_mgf1sha256")
))

write("rsa-pss-verify", (
    pick(case, keyBits="keySize", hash="sha", mgfHash="mgfSha", saltBytes="sLen", publicKeyDerHex="publicKeyDer",
         messageHex="msg", signatureHex="sig")
    for case in first_of_each_kind(tests(
        "rsa_pss_2048_sha256_mgf1_0", "rsa_pss_2048_sha256_mgf1_32", "rsa_pss_2048_sha256_mgf1sha1_20",
        "rsa_pss_2048_sha384_mgf1_48", "rsa_pss_3072_sha256_mgf1_32", "rsa_pss_4096_sha384_mgf1_48",
        "rsa_pss_4096_sha512_mgf1_32", "rsa_pss_4096_sha512_mgf1_64"), 20)
))

write("rsa-pkcs1-verify", (
    pick(case, keyBits="keySize", hash="sha", publicKeyDerHex="publicKeyDer", messageHex="msg", signatureHex="sig")
    for case in first_of_each_kind(tests(
        "rsa_signature_2048_sha256", "rsa_signature_2048_sha384", "rsa_signature_2048_sha512",
        "rsa_signature_3072_sha256", "rsa_signature_4096_sha512"), 20)
))

write("rsa-pkcs1-sign", (
    pick(case, keyBits="keySize", hash="sha", privateKeyDerHex="privateKeyPkcs8", messageHex="msg", signatureHex="sig")
    for case in tests("rsa_pkcs1_2048_sig_gen", "rsa_pkcs1_3072_sig_gen", "rsa_pkcs1_4096_sig_gen")
    if case["sha"] in OURS
))

write("ecdsa-verify", (
    pick(case, hash="sha", publicKeyDerHex="publicKeyDer", messageHex="msg", signatureHex="sig")
    for case in first_of_each_kind(tests(
        "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ecdsa_secp256k1_sha256"), 20)
))

write("ecdh", (
    {**pick(case, curve="curve", sharedSecretHex="shared"),
     "privateKeyDerHex": der(case["private"]), "publicKeyDerHex": der(case["public"])}
    for case in first_of_each_kind(tests("ecdh_secp256r1_pem", "ecdh_secp384r1_pem", "ecdh_secp521r1_pem"), 30)
    # Another text around the same key, or one that is no longer base64: our keys are DER.
    if "InvalidPem" not in case["flags"]
))

write("ed25519-verify", (
    pick(case, publicKeyDerHex="publicKeyDer", messageHex="msg", signatureHex="sig") for case in tests("ed25519")
))
