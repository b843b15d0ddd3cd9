"""Asymmetric, HMAC, imported, multi-Region and shared keys with boto3, and Python's cryptography on the other side.

Endpoint, region and credentials come from the environment. Ends with an exception at the first thing that is not as with
AWS KMS.
"""

import datetime
import os

import boto3
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, padding, rsa, utils

kms = boto3.client("kms")
iam = boto3.client("iam")
errors = kms.exceptions
message = b"the message"
sha256 = hashes.SHA256()
oaep = padding.OAEP(padding.MGF1(sha256), sha256, None)
pss = padding.PSS(padding.MGF1(sha256), 32)


def create(**key):
    return kms.create_key(**key)["KeyMetadata"]["KeyId"]


def public_key(key_id):
    return serialization.load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])


def raises(error, call, **request):
    try:
        call(**request)
    except error:
        return
    raise AssertionError(f"{call.__name__} did not raise {error.__name__}")


def signing():
    for spec, algorithm, verify in [
        ("ECC_NIST_P256", "ECDSA_SHA_256", lambda key, it: key.verify(it, message, ec.ECDSA(sha256))),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256", lambda key, it: key.verify(it, message, ec.ECDSA(sha256))),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", lambda key, it: key.verify(it, message, padding.PKCS1v15(), sha256)),
        ("RSA_2048", "RSASSA_PSS_SHA_256", lambda key, it: key.verify(it, message, pss, sha256)),
        ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512", lambda key, it: key.verify(it, message)),
    ]:
        request = {"KeyId": create(KeySpec=spec, KeyUsage="SIGN_VERIFY"), "SigningAlgorithm": algorithm}
        signature = kms.sign(Message=message, **request)["Signature"]
        verify(public_key(request["KeyId"]), signature)
        assert kms.verify(Message=message, Signature=signature, **request)["SignatureValid"]
        raises(errors.KMSInvalidSignatureException, kms.verify, Message=b"another", Signature=signature, **request)
        raises(errors.DryRunOperationException, kms.sign, Message=message, DryRun=True, **request)
    print("signatures verify here and there")


def sharing_secrets():
    key_id = create(KeySpec="ECC_NIST_P384", KeyUsage="KEY_AGREEMENT")
    ours = ec.generate_private_key(ec.SECP384R1())
    spki = ours.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    there = kms.derive_shared_secret(KeyId=key_id, KeyAgreementAlgorithm="ECDH", PublicKey=spki)["SharedSecret"]
    assert there == ours.exchange(ec.ECDH(), public_key(key_id))
    print("one shared secret on both sides")


def post_quantum():
    for spec in ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"]:
        request = {"KeyId": create(KeySpec=spec, KeyUsage="SIGN_VERIFY"), "SigningAlgorithm": "ML_DSA_SHAKE_256"}
        key = public_key(request["KeyId"])
        key.verify(kms.sign(Message=message, **request)["Signature"], message)
        hasher = mldsa.MLDSAMuHasher(key)
        hasher.update(message)
        mu = {"Message": hasher.finalize(), "MessageType": "EXTERNAL_MU"}
        signature = kms.sign(**mu, **request)["Signature"]
        key.verify(signature, message)
        assert kms.verify(**mu, Signature=signature, **request)["SignatureValid"]
    for spec in ["ML_KEM_768", "ML_KEM_1024"]:
        request = {"KeyId": create(KeySpec=spec, KeyUsage="ENCAPSULATE_DECAPSULATE"), "EncapsulationAlgorithm": "ML_KEM"}
        secret, ciphertext = public_key(request["KeyId"]).encapsulate()
        assert kms.decapsulate(SharedSecretCiphertextBlob=ciphertext, **request)["SharedSecret"] == secret
        made = kms.encapsulate(**request)
        blob = made["SharedSecretCiphertextBlob"]
        assert kms.decapsulate(SharedSecretCiphertextBlob=blob, **request)["SharedSecret"] == made["SharedSecret"]
    print("ML-DSA and ML-KEM as in cryptography")


def macs():
    request = {"KeyId": create(KeySpec="HMAC_512", KeyUsage="GENERATE_VERIFY_MAC"), "MacAlgorithm": "HMAC_SHA_512"}
    mac = kms.generate_mac(Message=message, **request)["Mac"]
    assert len(mac) == 64 and kms.verify_mac(Message=message, Mac=mac, **request)["MacValid"]
    raises(errors.KMSInvalidMacException, kms.verify_mac, Message=b"another", Mac=mac, **request)
    print("a MAC is of its message alone")


def data_key_pairs():
    key_id = create()
    pair = kms.generate_data_key_pair(KeyId=key_id, KeyPairSpec="ECC_NIST_P256", EncryptionContext={"a": "1"})
    private = serialization.load_der_private_key(pair["PrivateKeyPlaintext"], None)
    assert private.public_key() == serialization.load_der_public_key(pair["PublicKey"])
    blob = pair["PrivateKeyCiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "1"})["Plaintext"] == pair["PrivateKeyPlaintext"]
    print("a data key pair is a pair")


def parameters(key_id, algorithm):
    given = kms.get_parameters_for_import(KeyId=key_id, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048")
    return given["ImportToken"], serialization.load_der_public_key(given["PublicKey"])


def importing():
    key_id = create(Origin="EXTERNAL")
    material = os.urandom(32)
    token, wrapping = parameters(key_id, "RSAES_OAEP_SHA_256")
    request = {"KeyId": key_id, "ImportToken": token, "EncryptedKeyMaterial": wrapping.encrypt(material, oaep)}
    valid_to = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    kms.import_key_material(**request, ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=valid_to)
    described = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert abs((described["ValidTo"] - valid_to).total_seconds()) < 1
    sealed = kms.encrypt(KeyId=key_id, Plaintext=message)["CiphertextBlob"]
    kms.delete_imported_key_material(KeyId=key_id)
    raises(errors.KMSInvalidStateException, kms.decrypt, CiphertextBlob=sealed)
    token, wrapping = parameters(key_id, "RSAES_OAEP_SHA_256")
    forever = {"KeyId": key_id, "ImportToken": token, "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    wrong = wrapping.encrypt(os.urandom(32), oaep)
    raises(errors.IncorrectKeyMaterialException, kms.import_key_material, EncryptedKeyMaterial=wrong, **forever)
    kms.import_key_material(EncryptedKeyMaterial=wrapping.encrypt(material, oaep), **forever)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == message

    # A private key is longer than what RSA encrypts: it travels under an AES key, and that under RSA.
    ours = rsa.generate_private_key(65537, 2048)
    pkcs8 = ours.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key_id = create(Origin="EXTERNAL", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    token, wrapping = parameters(key_id, "RSA_AES_KEY_WRAP_SHA_256")
    aes = os.urandom(32)
    kms.import_key_material(
        KeyId=key_id,
        ImportToken=token,
        EncryptedKeyMaterial=wrapping.encrypt(aes, oaep) + keywrap.aes_key_wrap_with_padding(aes, pkcs8),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    assert public_key(key_id) == ours.public_key()
    digest = hashes.Hash(sha256)
    digest.update(message)
    signature = ours.sign(digest.finalize(), pss, utils.Prehashed(sha256))
    request = {"KeyId": key_id, "Message": message, "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    assert kms.verify(Signature=signature, **request)["SignatureValid"]
    print("imported keys are those that were here")


def replicas():
    key_id = create(MultiRegion=True)
    sealed = kms.encrypt(KeyId=key_id, Plaintext=message)["CiphertextBlob"]
    kms.replicate_key(KeyId=key_id, ReplicaRegion="eu-central-1")
    elsewhere = boto3.client("kms", region_name="eu-central-1")
    opened = elsewhere.decrypt(CiphertextBlob=sealed)
    assert opened["Plaintext"] == message and ":eu-central-1:" in opened["KeyId"]
    third = boto3.client("kms", region_name="ap-south-1")
    raises(third.exceptions.NotFoundException, third.describe_key, KeyId=key_id)
    print("a replica opens what the primary sealed")


def grants():
    key = kms.create_key()["KeyMetadata"]
    user = iam.create_user(UserName="boto-grantee")["User"]["Arn"]
    access_key = iam.create_access_key(UserName="boto-grantee")["AccessKey"]
    theirs = boto3.client(
        "kms", aws_access_key_id=access_key["AccessKeyId"], aws_secret_access_key=access_key["SecretAccessKey"]
    )
    made = [
        kms.create_grant(
            KeyId=key["KeyId"], GranteePrincipal=user, RetiringPrincipal=user, Operations=["Encrypt"], Name=name
        )
        for name in ["one", "two", "three"]
    ]
    pages = list(kms.get_paginator("list_grants").paginate(KeyId=key["KeyId"], PaginationConfig={"PageSize": 2}))
    assert [len(page["Grants"]) for page in pages] == [2, 1]
    found = {grant["GrantId"] for page in pages for grant in page["Grants"]}
    assert found == {grant["GrantId"] for grant in made}
    request = {"KeyId": key["Arn"], "Plaintext": message}
    theirs.encrypt(GrantTokens=[made[0]["GrantToken"]], **request)
    kms.revoke_grant(KeyId=key["KeyId"], GrantId=made[0]["GrantId"])
    for grant in made[1:]:
        theirs.retire_grant(GrantToken=grant["GrantToken"])
    assert kms.list_retirable_grants(RetiringPrincipal=user)["Grants"] == []
    try:
        theirs.encrypt(**request)
        raise AssertionError("encrypted without a grant")
    except theirs.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException"
    print("grants are given, listed, revoked and retired")


for part in [signing, sharing_secrets, post_quantum, macs, data_key_pairs, importing, replicas, grants]:
    part()
