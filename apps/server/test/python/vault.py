"""A user's program with hvac: address and token come from the environment, the parts to run from the command line.

It ends with an exception at the first thing that is not as with Vault, and prints each part that went well.
"""

import base64
import os
import sys

import hvac
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

READ_ONLY = 'path "py-access/*" { capabilities = ["read"] }'


def client(token=os.environ["VAULT_TOKEN"]):
    return hvac.Client(url=os.environ["VAULT_ADDR"], token=token)


def encode(text):
    return base64.b64encode(text).decode()


def expect(holds, what):
    if not holds:
        raise AssertionError(f"expected: {what}")


def refused(kind, text, call, **arguments):
    try:
        call(**arguments)
    except kind as error:
        expect(text in str(error), f"{text}: {error}")
        return
    raise AssertionError(f"expected a refusal: {text}")


def transit(root):
    root.sys.enable_secrets_engine("transit", path="py-transit")
    keys = root.secrets.transit
    for key_type in ["aes256-gcm96", "chacha20-poly1305", "rsa-2048"]:
        keys.create_key(name=key_type, key_type=key_type, mount_point="py-transit")
        sealed = keys.encrypt_data(name=key_type, plaintext=encode(b"hello"), mount_point="py-transit")
        opened = keys.decrypt_data(name=key_type, ciphertext=sealed["data"]["ciphertext"], mount_point="py-transit")
        expect(opened["data"]["plaintext"] == encode(b"hello"), f"the plaintext back from {key_type}")
    keys.create_key(name="derived", derived=True, convergent_encryption=True, mount_point="py-transit")
    context = encode(b"user 7")
    both = [
        keys.encrypt_data(name="derived", plaintext=encode(b"hello"), context=context, mount_point="py-transit")
        for _ in range(2)
    ]
    expect(both[0]["data"]["ciphertext"] == both[1]["data"]["ciphertext"], "one ciphertext for one plaintext")
    opened = keys.decrypt_data(
        name="derived", ciphertext=both[0]["data"]["ciphertext"], context=context, mount_point="py-transit"
    )
    expect(opened["data"]["plaintext"] == encode(b"hello"), "the plaintext back")
    root.sys.disable_secrets_engine("py-transit")


def signatures(root):
    root.sys.enable_secrets_engine("transit", path="py-sign")
    keys = root.secrets.transit
    message = b"the message"

    def verify_p256(public, signature):
        load(public).verify(signature, message, ec.ECDSA(hashes.SHA256()))

    def verify_rsa(public, signature):
        salt = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
        load(public).verify(signature, message, salt, hashes.SHA256())

    def verify_ed25519(public, signature):
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(signature, message)

    def load(public):
        return serialization.load_pem_public_key(public.encode())

    for key_type, verify in {"ecdsa-p256": verify_p256, "rsa-3072": verify_rsa, "ed25519": verify_ed25519}.items():
        keys.create_key(name=key_type, key_type=key_type, mount_point="py-sign")
        read = keys.read_key(name=key_type, mount_point="py-sign")
        signed = keys.sign_data(name=key_type, hash_input=encode(message), mount_point="py-sign")["data"]["signature"]
        verify(read["data"]["keys"]["1"]["public_key"], base64.b64decode(signed.removeprefix("vault:v1:")))
        valid = keys.verify_signed_data(
            name=key_type, hash_input=encode(message), signature=signed, mount_point="py-sign"
        )
        expect(valid["data"]["valid"], "a valid signature")
        valid = keys.verify_signed_data(name=key_type, hash_input=encode(b"x"), signature=signed, mount_point="py-sign")
        expect(not valid["data"]["valid"], "no signature of another message")
    mac = keys.generate_hmac(
        name="ed25519", hash_input=encode(message), algorithm="sha2-512", mount_point="py-sign"
    )["data"]["hmac"]
    valid = keys.verify_signed_data(
        name="ed25519", hash_input=encode(message), hmac=mac, hash_algorithm="sha2-512", mount_point="py-sign"
    )
    expect(valid["data"]["valid"], "a valid HMAC")
    digest = keys.hash_data(
        hash_input=encode(b"abc"), algorithm="sha2-256", output_format="hex", mount_point="py-sign"
    )
    expect(digest["data"]["sum"].startswith("ba7816bf"), "the SHA-256")
    root.sys.disable_secrets_engine("py-sign")


def material(root):
    root.sys.enable_secrets_engine("transit", path="py-material")
    keys = root.secrets.transit
    keys.create_key(name="open", exportable=True, allow_plaintext_backup=True, mount_point="py-material")
    sealed = keys.encrypt_data(name="open", plaintext=encode(b"hello"), mount_point="py-material")["data"]["ciphertext"]
    exported = keys.export_key(name="open", key_type="encryption-key", version=1, mount_point="py-material")
    expect(open_with(exported["data"]["keys"]["1"], sealed) == b"hello", "the exported key to open the ciphertext")
    backup = keys.backup_key(name="open", mount_point="py-material")["data"]["backup"]
    keys.restore_key(backup=backup, name="again", mount_point="py-material")
    opened = keys.decrypt_data(name="again", ciphertext=sealed, mount_point="py-material")
    expect(opened["data"]["plaintext"] == encode(b"hello"), "the restored key to open the ciphertext")
    published = root.read("py-material/wrapping_key")["data"]["public_key"]
    target, ephemeral = os.urandom(32), os.urandom(32)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    head = serialization.load_pem_public_key(published.encode()).encrypt(ephemeral, oaep)
    wrapped = head + aes_key_wrap_with_padding(ephemeral, target)
    root.write_data("py-material/keys/brought/import", data={"ciphertext": encode(wrapped), "type": "aes256-gcm96"})
    sealed = keys.encrypt_data(name="brought", plaintext=encode(b"hello"), mount_point="py-material")
    expect(open_with(encode(target), sealed["data"]["ciphertext"]) == b"hello", "the key that was brought along")
    keys.create_key(name="trimmed", mount_point="py-material")
    for _ in range(2):
        keys.rotate_key(name="trimmed", mount_point="py-material")
    keys.update_key_configuration(
        name="trimmed", min_decryption_version=2, min_encryption_version=3, mount_point="py-material"
    )
    trimmed = keys.trim_key(name="trimmed", min_version=2, mount_point="py-material")
    expect(getattr(trimmed, "status_code", 200) < 300, "a trimmed key")
    read = keys.read_key(name="trimmed", mount_point="py-material")["data"]
    expect(read["min_available_version"] == 2 and list(read["keys"]) == ["2", "3"], "two versions")
    root.sys.disable_secrets_engine("py-material")


def open_with(key, ciphertext):
    sealed = base64.b64decode(ciphertext.removeprefix("vault:v1:"))
    return AESGCM(base64.b64decode(key)).decrypt(sealed[:12], sealed[12:], None)


def kv1(root):
    root.sys.enable_secrets_engine("kv", path="py-kv1", options={"version": "1"})
    secrets = root.secrets.kv.v1
    secrets.create_or_update_secret("app", secret={"password": "hunter2"}, mount_point="py-kv1")
    expect(secrets.read_secret("app", mount_point="py-kv1")["data"] == {"password": "hunter2"}, "the secret")
    expect(secrets.list_secrets("", mount_point="py-kv1")["data"]["keys"] == ["app"], "its name")
    secrets.delete_secret("app", mount_point="py-kv1")
    refused(hvac.exceptions.InvalidPath, "", secrets.read_secret, path="app", mount_point="py-kv1")
    root.sys.disable_secrets_engine("py-kv1")


def kv2(root):
    root.sys.enable_secrets_engine("kv", path="py-kv2", options={"version": "2"})
    secrets = root.secrets.kv.v2
    here = {"path": "app", "mount_point": "py-kv2"}
    secrets.configure(max_versions=5, mount_point="py-kv2")
    expect(secrets.read_configuration(mount_point="py-kv2")["data"]["max_versions"] == 5, "five versions")
    secrets.create_or_update_secret(secret={"password": "one"}, **here)
    secrets.create_or_update_secret(secret={"password": "two"}, cas=1, **here)
    refused(
        hvac.exceptions.InvalidRequest, "check-and-set", secrets.create_or_update_secret, secret={"a": "b"}, cas=1, **here
    )
    secrets.patch(secret={"user": "app"}, **here)
    read = secrets.read_secret_version(raise_on_deleted_version=True, **here)["data"]
    expect(read["data"] == {"password": "two", "user": "app"} and read["metadata"]["version"] == 3, "both")
    secrets.delete_secret_versions(versions=[1], **here)
    refused(
        hvac.exceptions.InvalidPath, "", secrets.read_secret_version, version=1, raise_on_deleted_version=True, **here
    )
    secrets.undelete_secret_versions(versions=[1], **here)
    read = secrets.read_secret_version(version=1, raise_on_deleted_version=True, **here)["data"]
    expect(read["data"] == {"password": "one"}, "the old secret")
    secrets.destroy_secret_versions(versions=[1], **here)
    secrets.update_metadata(custom_metadata={"owner": "me"}, **here)
    metadata = secrets.read_secret_metadata(**here)["data"]
    expect(metadata["versions"]["1"]["destroyed"] and metadata["custom_metadata"] == {"owner": "me"}, "the metadata")
    expect(secrets.list_secrets("", mount_point="py-kv2")["data"]["keys"] == ["app"], "its name")
    secrets.delete_latest_version_of_secret(**here)
    secrets.delete_metadata_and_all_versions(**here)
    refused(hvac.exceptions.InvalidPath, "", secrets.read_secret_metadata, **here)
    root.sys.disable_secrets_engine("py-kv2")


def tokens(root):
    root.sys.create_or_update_policy("py-tokens", READ_ONLY)
    made = root.auth.token.create(policies=["py-tokens"], ttl="1h", display_name="py", meta={"a": "b"})["auth"]
    own = client(made["client_token"])
    expect(own.is_authenticated() and made["lease_duration"] == 3600, "an hour")
    self = own.auth.token.lookup_self()["data"]
    expect(self["display_name"] == "token-py" and self["meta"] == {"a": "b"}, "its own facts")
    expect(own.auth.token.renew_self(increment="2h")["auth"]["lease_duration"] == 7200, "two hours")
    found = root.auth.token.lookup_accessor(made["accessor"])["data"]
    expect(found["policies"] == ["default", "py-tokens"] and found["id"] == "", "an accessor to tell no token")
    expect(made["accessor"] in root.auth.token.list_accessors()["data"]["keys"], "its accessor")
    refused(hvac.exceptions.Forbidden, "permission denied", own.sys.list_policies)
    root.auth.token.create_or_update_role("py-role", allowed_policies="py-tokens", orphan=True, token_period="1h")
    role = root.auth.token.create(role_name="py-role", policies=["py-tokens"])["auth"]
    expect(role["orphan"] and role["lease_duration"] == 3600, "an orphan of the role")
    expect(root.auth.token.list_roles()["data"]["keys"] == ["py-role"], "the role")
    root.auth.token.delete_role("py-role")
    own.auth.token.revoke_self()
    expect(not own.is_authenticated(), "no token")


def policies(root):
    root.sys.create_or_update_policy("py-policies", READ_ONLY)
    expect(root.sys.read_policy("py-policies")["data"]["rules"] == READ_ONLY, "the policy as it was written")
    expect("py-policies" in root.sys.list_policies()["data"]["policies"], "its name")
    root.sys.create_or_update_acl_policy("py-policies", {"path": {"py-access/*": {"capabilities": ["list"]}}})
    own = client(root.auth.token.create(policies=["py-policies"])["auth"]["client_token"])
    may = own.sys.get_capabilities(["py-access/x"])["data"]["capabilities"]
    expect(may == ["list"], f"to list: {may}")
    refused(hvac.exceptions.Forbidden, "permission denied", own.read, path="py-access/x")
    root.sys.delete_policy("py-policies")
    refused(hvac.exceptions.InvalidPath, "", root.sys.read_policy, name="py-policies")


def approle(root):
    root.sys.create_or_update_policy("py-approle", READ_ONLY)
    root.sys.enable_auth_method("approle", path="py-approle")
    at = {"role_name": "app", "mount_point": "py-approle"}
    root.auth.approle.create_or_update_approle(token_policies=["py-approle"], token_ttl="10m", **at)
    role_id = root.auth.approle.read_role_id(**at)["data"]["role_id"]
    secret = root.auth.approle.generate_secret_id(metadata={"a": "b"}, **at)["data"]
    user = client("")
    login = user.auth.approle.login(role_id, secret["secret_id"], mount_point="py-approle")["auth"]
    expect(user.is_authenticated() and login["lease_duration"] == 600, "ten minutes")
    expect(login["metadata"] == {"role_name": "app", "a": "b"}, "the metadata of the role and of the secret id")
    root.auth.approle.destroy_secret_id_accessor(secret_id_accessor=secret["secret_id_accessor"], **at)
    refused(
        hvac.exceptions.InvalidRequest,
        "invalid role or secret ID",
        client("").auth.approle.login,
        role_id=role_id,
        secret_id=secret["secret_id"],
        mount_point="py-approle",
    )
    root.sys.disable_auth_method("py-approle")
    expect(not user.is_authenticated(), "no token without the method")


def userpass(root):
    root.sys.enable_auth_method("userpass", path="py-userpass")
    users = root.auth.userpass
    users.create_or_update_user("ada", password="correct horse", policies="default", mount_point="py-userpass")
    user = client("")
    login = user.auth.userpass.login("ada", "correct horse", mount_point="py-userpass")["auth"]
    expect(login["metadata"] == {"username": "ada"} and user.is_authenticated(), "her name")
    expect(users.list_user(mount_point="py-userpass")["data"]["keys"] == ["ada"], "her name in the list")
    users.update_password_on_user("ada", "battery staple", mount_point="py-userpass")
    refused(
        hvac.exceptions.InvalidRequest,
        "invalid username or password",
        client("").auth.userpass.login,
        username="ada",
        password="correct horse",
        mount_point="py-userpass",
    )
    users.delete_user("ada", mount_point="py-userpass")
    root.sys.disable_auth_method("py-userpass")


def wrapping(root):
    wrapped = root.auth.token.create(policies=["default"], ttl="1h", wrap_ttl="60s")["wrap_info"]
    expect(wrapped["ttl"] == 60 and wrapped["creation_path"] == "auth/token/create", "a wrapping token")
    opened = client(wrapped["token"]).sys.unwrap()
    expect(client(opened["auth"]["client_token"]).is_authenticated(), "the token that was wrapped")
    refused(hvac.exceptions.InvalidRequest, "wrapping token is not valid", root.sys.unwrap, token=wrapped["token"])
    again = root.sys.wrap(payload={"hello": "world"}, ttl=60)["wrap_info"]["token"]
    expect(client(again).sys.unwrap()["data"] == {"hello": "world"}, "hello")


for name in sys.argv[1:]:
    globals()[name](client())
    print(name, flush=True)
