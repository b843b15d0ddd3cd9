"""The Python clients, driven by a test: one JSON request a line on stdin, one JSON answer a line on stdout.

A request is {"do": NAME, ...arguments}. An answer is {"ok": value}, or {"error": {...}} with what the client raised.
Bytes travel as {"$bytes": BASE64}.
"""

import base64
import datetime
import functools
import json
import sys

import boto3
import botocore.client
import botocore.exceptions
import hvac
import hvac.exceptions


def to_json(value):
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value)}")


def from_json(value):
    return base64.b64decode(value["$bytes"]) if set(value) == {"$bytes"} else value


@functools.cache
def aws_client(service, endpoint, region, access_key_id, secret_access_key):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        config=botocore.client.Config(retries={"total_max_attempts": 1}),
    )


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def aws_call(client, operation, **arguments):
    return without_metadata(getattr(aws_client(*client), operation)(**arguments.get("with", {})))


def aws_pages(client, operation, page_size, **arguments):
    pages = aws_client(*client).get_paginator(operation).paginate(
        **arguments.get("with", {}), PaginationConfig={"PageSize": page_size}
    )
    return [without_metadata(page) for page in pages]


def aws_presign(client, operation):
    return aws_client(*client).generate_presigned_url(operation, Params={}, ExpiresIn=60, HttpMethod="GET")


@functools.cache
def vault_client(url, token):
    return hvac.Client(url=url, token=token)


def vault_call(client, method, **arguments):
    found = functools.reduce(getattr, method.split("."), vault_client(*client))
    answer = found(**arguments.get("with", {})) if callable(found) else found
    # hvac hands out the response itself where there is no body to read.
    return {"status": answer.status_code} if hasattr(answer, "status_code") else answer


def describe(error):
    told = {"class": type(error).__name__, "message": str(error)}
    if isinstance(error, botocore.exceptions.ClientError):
        told["code"] = error.response["Error"]["Code"]
        told["message"] = error.response["Error"]["Message"]
        told["status"] = error.response["ResponseMetadata"]["HTTPStatusCode"]
        told["bases"] = [base.__name__ for base in type(error).__mro__]
    if isinstance(error, hvac.exceptions.VaultError):
        told["errors"] = error.errors
    return told


actions = {
    "aws": aws_call,
    "aws-pages": aws_pages,
    "aws-presign": aws_presign,
    "vault": vault_call,
}

for line in sys.stdin:
    request = json.loads(line, object_hook=from_json)
    try:
        answer = {"ok": actions[request.pop("do")](**request)}
    except Exception as error:
        answer = {"error": describe(error)}
    print(json.dumps(answer, default=to_json), flush=True)
