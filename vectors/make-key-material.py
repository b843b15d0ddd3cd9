"""Writes key-material-v1.json, once: material of each key spec as it is stored, with what its key does.

The material is what `KeySpecRow.generate` gave; everything else is by Python's `cryptography`, which shares no code with
packages/crypto. Run again, it would write other keys, and the old ones have to load for ever: so it does not overwrite.
"""
import json
import pathlib
import subprocess

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, padding, rsa

here = pathlib.Path(__file__).parent
generate = """
import { keySpecs } from "@coffer/crypto";
import { exposeSecretBytes } from "@coffer/crypto/hazmat";
const made = {};
for (const [spec, row] of keySpecs) made[spec] = exposeSecretBytes(await row.generate()).toString("hex");
console.log(JSON.stringify(made));
"""
message = b"a message of the first format"
macs = {"HMAC_224": hashes.SHA224, "HMAC_256": hashes.SHA256, "HMAC_384": hashes.SHA384, "HMAC_512": hashes.SHA512}
curves = {"ECC_NIST_P256": ("256", hashes.SHA256()), "ECC_NIST_P384": ("384", hashes.SHA384()),
          "ECC_NIST_P521": ("512", hashes.SHA512()), "ECC_SECG_P256K1": ("256", hashes.SHA256())}


def secret(spec, material):
    if spec not in macs:
        return {}
    made = hmac.HMAC(material, macs[spec]())
    made.update(message)
    return {"macs": {spec.replace("HMAC_", "HMAC_SHA_"): made.finalize().hex()}}


def pair(spec, key):
    public = key.public_key()
    out = {"publicKeyHex": public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo).hex()}
    if isinstance(key, rsa.RSAPrivateKey):
        sha = hashes.SHA256()
        out["signatures"] = {"RSASSA_PKCS1_V1_5_SHA_256": key.sign(message, padding.PKCS1v15(), sha).hex()}
        out["ciphertexts"] = {
            "RSAES_OAEP_SHA_256": public.encrypt(message, padding.OAEP(padding.MGF1(sha), sha, None)).hex()}
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        bits, sha = curves[spec]
        out["signatures"] = {f"ECDSA_SHA_{bits}": key.sign(message, ec.ECDSA(sha)).hex()}
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        out["signatures"] = {"ED25519_SHA_512": key.sign(message).hex()}
    elif spec.startswith("ML_DSA"):
        mu = bytes(range(64))
        out["signatures"] = {"ML_DSA_SHAKE_256": key.sign(message).hex()}
        out["muHex"], out["muSignatureHex"] = mu.hex(), key.sign_mu(mu).hex()
    else:
        shared, ciphertext = public.encapsulate()
        out["encapsulations"] = {"ML_KEM": {"ciphertextHex": ciphertext.hex(), "sharedSecretHex": shared.hex()}}
    return out


cases = []
made = subprocess.run(
    [here.parent / "bin/node", "--input-type=module", "-e", generate], cwd=here.parent / "packages/crypto",
    check=True, capture_output=True, text=True,
).stdout
for spec, material_hex in json.loads(made).items():
    material = bytes.fromhex(material_hex)
    case = {"spec": spec, "materialHex": material_hex, "messageHex": message.hex()}
    if spec == "ML_KEM_512":  # not in `cryptography`: its material alone is frozen
        pass
    elif spec == "SYMMETRIC_DEFAULT" or spec in macs:
        case.update(secret(spec, material))
    else:
        case.update(pair(spec, serialization.load_der_private_key(material, None)))
    cases.append(case)
with (here / "key-material-v1.json").open("x") as file:
    file.write(json.dumps({"cases": cases}, indent=1) + "\n")
