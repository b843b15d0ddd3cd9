"""Sequoia as the other party: one job as JSON on standard input, its result as JSON on standard output."""

import json
import sys

from pysequoia import Cert, Profile, decrypt, encrypt

job = json.load(sys.stdin)


def generate():
    cert = Cert.generate(user_id="Sequoia <sequoia@example.org>", profile=Profile.RFC9580)
    return {"certificate": str(cert), "privateKey": str(cert.secrets), "fingerprint": cert.fingerprint}


def seal():
    signer = Cert.from_bytes(job["privateKey"].encode()).secrets.signer()
    recipients = [Cert.from_bytes(job["recipient"].encode())]
    sealed = encrypt(signer=signer, recipients=recipients, bytes=job["text"].encode())
    return {"message": sealed.decode() if isinstance(sealed, bytes) else sealed}


def open_message():
    decryptor = Cert.from_bytes(job["privateKey"].encode()).secrets.decryptor()
    sender = Cert.from_bytes(job["sender"].encode())
    opened = decrypt(decryptor=decryptor, bytes=job["message"].encode(), store=lambda ids: [sender])
    return {"text": opened.bytes.decode(), "signers": [sig.certificate for sig in opened.valid_sigs]}


print(json.dumps({"generate": generate, "seal": seal, "open": open_message}[job["do"]]()))
