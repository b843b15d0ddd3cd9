"""Makes aws-suite.json and botocore.json.

    python3 regenerate.py suite PATH_TO_A_CHECKOUT_OF_aws-c-auth COMMIT > aws-suite.json
    python3 regenerate.py botocore > botocore.json        (needs the PyPI package botocore)

Every string is a byte string in Latin-1 (one character a byte), which is what node:http hands over; bodies are base64.
"""

import base64
import datetime
import json
import pathlib
import sys


def latin1(raw):
    return raw.decode("latin-1")


def parse_request(raw):
    """A request of the suite: raw request line (spaces and UTF-8 allowed), headers with folding, body after a blank line."""
    head, _, body = raw.partition(b"\n\n")
    lines = head.split(b"\n")
    method, rest = lines[0].split(b" ", 1)
    target = rest.rsplit(b" ", 1)[0]
    path, _, query = target.partition(b"?")
    headers = []
    for line in lines[1:]:
        if line[:1] in (b" ", b"\t"):
            headers[-1][1] += "\n" + latin1(line)
        elif line:
            name, _, value = line.partition(b":")
            headers.append([latin1(name), latin1(value)])
    return {
        "method": latin1(method),
        "path": latin1(path),
        "query": latin1(query),
        "headers": headers,
        "body": base64.b64encode(body).decode(),
    }


def suite(checkout, commit):
    cases = []
    for folder in sorted((pathlib.Path(checkout) / "tests/aws-signing-test-suite/v4").iterdir()):
        context = json.loads((folder / "context.json").read_bytes())
        case = {
            "name": folder.name,
            "accessKeyId": context["credentials"]["access_key_id"],
            "secretAccessKey": context["credentials"]["secret_access_key"],
            "sessionToken": context["credentials"].get("token"),
            "omitSessionToken": context.get("omit_session_token", False),
            "region": context["region"],
            "service": context["service"],
            "timestamp": context["timestamp"],
            "normalize": context["normalize"],
            "signBody": context["sign_body"],
            "expiresSeconds": context["expiration_in_seconds"],
            "request": parse_request((folder / "request.txt").read_bytes()),
        }
        for form in ("header", "query"):
            case[form] = {
                "canonicalRequest": latin1((folder / f"{form}-canonical-request.txt").read_bytes()),
                "stringToSign": latin1((folder / f"{form}-string-to-sign.txt").read_bytes()),
                "signature": latin1((folder / f"{form}-signature.txt").read_bytes()).strip(),
                "signedRequest": parse_request((folder / f"{form}-signed-request.txt").read_bytes()),
            }
        cases.append(case)
    return {
        "source": "https://github.com/awslabs/aws-c-auth tests/aws-signing-test-suite/v4",
        "commit": commit,
        "licence": "Apache-2.0, Copyright Amazon.com, Inc. or its affiliates",
        "cases": cases,
    }


def botocore_vectors():
    import botocore
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    now = datetime.datetime(2026, 3, 1, 23, 59, 58, tzinfo=datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: now.replace(tzinfo=None) if remove_tzinfo else now
    secret = "coffer/test+vector/0123456789abcdefghijk"
    token = "FwoGZXIvYXdzEBYaDCoffer+Session/Token=="
    decrypt = {"X-Amz-Target": "TrentService.Decrypt", "Content-Type": "application/x-amz-json-1.1"}
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    rows = [
        # name, form, region, service, method, url, headers, body, session token
        ("kms-decrypt", "header", "us-east-1", "kms", "POST", "http://127.0.0.1:8080/", decrypt, b'{"CiphertextBlob":"AQID"}', None),
        ("kms-seoul-session", "header", "ap-northeast-2", "kms", "POST", "https://kms.ap-northeast-2.amazonaws.com/", decrypt, "{\"KeyId\":\"alias/열쇠\"}".encode(), token),
        ("kms-empty-body", "header", "us-east-1", "kms", "POST", "https://localhost/", decrypt, b"", None),
        ("sts-form", "header", "eu-west-3", "sts", "POST", "https://sts.eu-west-3.amazonaws.com/", form, b"Action=GetCallerIdentity&Version=2011-06-15", None),
        ("spaces-in-headers", "header", "us-east-1", "secretsmanager", "POST", "https://coffer.example:8443/", {"X-Amz-Note": "  a   b\tc  ", "X-Empty": ""}, b"x", None),
        ("path-and-query", "header", "us-east-1", "execute-api", "GET", "https://coffer.example/a%20b/../c//%E1%88%B4?b=2&a=%20x&a=1&c", {}, b"", None),
        ("sts-presigned", "presigned", "us-east-1", "sts", "GET", "https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", {}, b"", None),
        ("sts-presigned-session", "presigned", "ap-northeast-2", "sts", "GET", "https://sts.ap-northeast-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", {"x-k8s-aws-id": "cluster one"}, b"", token),
        ("kms-presigned-post", "presigned", "ap-northeast-2", "kms", "POST", "http://localhost:8080/", decrypt, b"", None),
    ]
    cases = []
    for name, kind, region, service, method, url, headers, body, session in rows:
        request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
        credentials = Credentials("AKIDCOFFERVECTOR", secret, session)
        if kind == "header":
            botocore.auth.SigV4Auth(credentials, service, region).add_auth(request)
        else:
            botocore.auth.SigV4QueryAuth(credentials, service, region, expires=900).add_auth(request)
        prepared = request.prepare()
        rest = prepared.url.split("://", 1)[1]
        host, _, target = rest.partition("/")
        path, _, query = ("/" + target).partition("?")
        sent = {str(k).lower(): v.decode() if isinstance(v, bytes) else v for k, v in prepared.headers.items()}
        sent.setdefault("host", host)
        cases.append(
            {
                "name": name,
                "form": kind,
                "accessKeyId": "AKIDCOFFERVECTOR",
                "secretAccessKey": secret,
                "sessionToken": session,
                "region": region,
                "service": service,
                "timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "request": {
                    "method": method,
                    "path": path,
                    "query": query,
                    "headers": sorted([k, v] for k, v in sent.items()),
                    "body": base64.b64encode(prepared.body or b"").decode(),
                },
            }
        )
    return {
        "source": f"signed with botocore {botocore.__version__} (PyPI, Apache-2.0), botocore.auth.SigV4Auth and SigV4QueryAuth",
        "cases": cases,
    }


if __name__ == "__main__":
    document = suite(sys.argv[2], sys.argv[3]) if sys.argv[1] == "suite" else botocore_vectors()
    head = {key: value for key, value in document.items() if key != "cases"}
    print("{" + "".join(f"{json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items()) + '"cases": [')
    print(",\n".join(json.dumps(case) for case in document["cases"]))
    print("]}")
