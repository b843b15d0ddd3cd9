"""Trims Wycheproof's vectors to those that our tests read: python3 trim-mac-kem-dsa.py CHECKOUT

CHECKOUT is a clone of https://github.com/C2SP/wycheproof at the commit that ../README.md names. Left out are cases of
key sizes that no key of ours has, and where there are many of a kind, all but the first few: the kinds are Wycheproof's
flags. Public keys and digests of them stand in for what would only be compared. Another run writes the same files.
"""
import collections
import gzip
import hashlib
import json
import pathlib
import sys

source = pathlib.Path(sys.argv[1]) / "testvectors_v1"
target = pathlib.Path(__file__).parent


def tests(name):
    """Each test with the members of its group beside its own."""
    for group in json.loads((source / f"{name}.json").read_text())["testGroups"]:
        shared = {key: value for key, value in group.items() if key not in ("tests", "source")}
        for test in group["tests"]:
            yield {**shared, **test}


def first_of_each_kind(cases, most):
    seen = collections.Counter()
    for case in cases:
        kind = (case["result"], tuple(case.get("flags", ())))
        seen[kind] += 1
        if seen[kind] <= most:
            yield case


def sha256(text):
    return hashlib.sha256(bytes.fromhex(text)).hexdigest()


def pick(case, **members):
    picked = {"tcId": case["tcId"], "result": case["result"], "flags": case.get("flags", [])}
    picked.update({ours: case[theirs] for ours, theirs in members.items() if theirs in case})
    return picked


def write(name, cases):
    text = json.dumps({"cases": cases}, separators=(",", ":")) + "\n"
    (target / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(name, len(cases))


write("hmac", [
    {"hash": hash_name, "tagBits": case["tagSize"],
     **pick(case, keyHex="key", messageHex="msg", macHex="tag")}
    for hash_name in ("sha224", "sha256", "sha384", "sha512")
    for case in tests(f"hmac_{hash_name}_test")
])

write("aes-kwp", [
    pick(case, keyHex="key", plaintextHex="msg", wrappedHex="ct")
    for case in tests("aes_kwp_test") if case["keySize"] == 256
])

kem, kem_keys, kem_expanded = [], [], []
for bits in (512, 768, 1024):
    spec = {"spec": f"ML_KEM_{bits}"}
    for case in first_of_each_kind(tests(f"mlkem_{bits}_test"), 16):
        kem.append({**spec, **pick(case, seedHex="seed", ciphertextHex="c", sharedSecretHex="K")})
    for case in first_of_each_kind(tests(f"mlkem_{bits}_keygen_seed_test"), 40):
        kem_keys.append({**spec, **pick(case, seedHex="seed"), "publicKeySha256Hex": sha256(case["ek"])})
    for case in tests(f"mlkem_{bits}_semi_expanded_decaps_test"):
        kem_expanded.append({**spec, **pick(case, privateKeyHex="dk", ciphertextHex="c", sharedSecretHex="K")})
write("ml-kem-decapsulate", kem)
write("ml-kem-generate", kem_keys)
write("ml-kem-expanded", kem_expanded)

verify, sign = [], []
for level in (44, 65, 87):
    spec = {"spec": f"ML_DSA_{level}"}
    for case in first_of_each_kind(tests(f"mldsa_{level}_verify_test"), 2):
        verify.append({**spec, **pick(case, publicKeyDerHex="publicKeyDer", messageHex="msg", contextHex="ctx",
                                      signatureHex="sig")})
    for case in first_of_each_kind(tests(f"mldsa_{level}_sign_seed_test"), 3):
        public = {} if case.get("publicKey") in (None, "") else {"publicKeySha256Hex": sha256(case["publicKey"])}
        sign.append({**spec, **public, **pick(case, seedHex="privateSeed", messageHex="msg", contextHex="ctx",
                                              muHex="mu", rndHex="rnd", signatureHex="sig")})
write("ml-dsa-verify", verify)
write("ml-dsa-sign", sign)
