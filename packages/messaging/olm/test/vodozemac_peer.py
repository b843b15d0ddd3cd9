"""An Olm device by vodozemac's own Python bindings: one JSON request a line, one JSON answer a line."""

import base64
import json
import sys

import vodozemac as v

account = v.Account()
account.generate_one_time_keys(5)
sessions = {}
room = v.GroupSession()
heard = {}


def b64(octets):
    return base64.b64encode(octets).decode()


def keys(_):
    one_time = [{"keyId": k, "key": key.to_base64()} for k, key in account.one_time_keys.items()]
    account.mark_keys_as_published()
    return {
        "ed25519": account.ed25519_key.to_base64(),
        "curve25519": account.curve25519_key.to_base64(),
        "oneTime": one_time,
    }


def sign(request):
    return account.sign(request["text"].encode()).to_base64()


def begin(request):
    identity = v.Curve25519PublicKey.from_base64(request["curve25519"])
    one_time = v.Curve25519PublicKey.from_base64(request["oneTimeKey"])
    sessions[request["curve25519"]] = account.create_outbound_session(identity, one_time)


def encrypt(request):
    kind, body = sessions[request["curve25519"]].encrypt(request["text"].encode()).to_parts()
    return {"type": kind, "body": b64(body)}


def decrypt(request):
    message = v.AnyOlmMessage.from_parts(request["type"], base64.b64decode(request["body"]))
    first = message.to_pre_key()
    peer = request["curve25519"]
    if first is not None and not (peer in sessions and sessions[peer].session_matches(first)):
        sender = v.Curve25519PublicKey.from_base64(peer)
        sessions[peer], plaintext = account.create_inbound_session(sender, first)
    else:
        plaintext = sessions[peer].decrypt(message)
    return plaintext.decode()


def group_key(_):
    return {"sessionId": room.session_id, "sessionKey": room.session_key.to_base64()}


def group_encrypt(request):
    return room.encrypt(request["text"].encode()).to_base64()


def group_skip(request):
    for _ in range(request["messages"]):
        room.encrypt(b"")


def group_hear(request):
    session = v.InboundGroupSession(v.SessionKey(request["sessionKey"]))
    heard[session.session_id] = session
    return session.session_id


def group_decrypt(request):
    message = v.MegolmMessage.from_base64(request["message"])
    return heard[request["sessionId"]].decrypt(message).plaintext.decode()


OPERATIONS = {
    f.__name__: f
    for f in (keys, sign, begin, encrypt, decrypt, group_key, group_encrypt, group_skip, group_hear, group_decrypt)
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"ok": OPERATIONS[request["do"]](request)}
    except ValueError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
