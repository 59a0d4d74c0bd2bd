"""Plays calls of boto3, one per line of standard input, and tells what each came to.

A line is a JSON object: id, endpoint, op, mode, key, file, timeout (seconds; 0: boto3's own).
The answers are lines as well: id, error ("" for success), attempts (the most that this
client makes), size and sha256 of what was read. All calls go on at once, each with a
client of its own, as most of the time passes in backoff.
"""
import concurrent.futures
import hashlib
import json
import os
import sys
import threading

import boto3
import botocore.exceptions
import botocore.retries.standard
from botocore.config import Config

session = boto3.session.Session()
making = threading.Lock()  # a session makes one client at a time


def client_of(call):
    more = {"read_timeout": call["timeout"]} if call["timeout"] else {}
    config = Config(retries={"mode": call["mode"]}, s3={"addressing_style": "path"}, **more)
    with making:
        return session.client("s3", endpoint_url=call["endpoint"], config=config)


def attempts_of(mode):
    """The most attempts of a call, as botocore itself says."""
    if mode == "legacy":
        return session._session.get_data("_retry")["retry"]["__default__"]["max_attempts"]
    return botocore.retries.standard.DEFAULT_MAX_ATTEMPTS


def perform(s3, call):
    bucket, key = os.environ["SQUALL_BUCKET"], call["key"]
    if call["op"] == "PutObject":
        with open(call["file"], "rb") as body:
            s3.put_object(Bucket=bucket, Key=key, Body=body)
    elif call["op"] == "GetObject":
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    elif call["op"] == "HeadObject":
        s3.head_object(Bucket=bucket, Key=key)
    elif call["op"] == "ListObjectsV2":
        s3.list_objects_v2(Bucket=bucket)
    elif call["op"] == "CopyObject":
        s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": "source"})
    elif call["op"] == "DeleteObjects":
        out = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})
        if out.get("Errors"):
            raise KeyErrors()
    return b""


class KeyErrors(Exception):
    """DeleteObjects succeeded, but not for every key."""


def play(call):
    answer = {"id": call["id"], "error": "", "attempts": 0, "size": 0, "sha256": ""}
    try:
        s3 = client_of(call)
        answer["attempts"] = attempts_of(call["mode"])
        body = perform(s3, call)
        answer["size"], answer["sha256"] = len(body), hashlib.sha256(body).hexdigest()
    except botocore.exceptions.ClientError as e:
        answer["error"] = e.response.get("Error", {}).get("Code", "Unknown")
    except botocore.exceptions.ReadTimeoutError:
        answer["error"] = "time-out"
    except botocore.exceptions.FlexibleChecksumError:
        answer["error"] = "checksum"
    except KeyErrors:
        answer["error"] = "errors of keys"
    except (botocore.exceptions.HTTPClientError, botocore.exceptions.IncompleteReadError):
        answer["error"] = "broken"
    except Exception as e:  # whatever reaches a caller is an outcome
        answer["error"] = type(e).__name__
    return answer


def main():
    if sys.argv[1:] == ["--version"]:
        print(f"{boto3.__version__}, botocore {botocore.__version__}")
        return
    calls = [json.loads(line) for line in sys.stdin]
    with concurrent.futures.ThreadPoolExecutor(max_workers=96) as pool:
        for answer in pool.map(play, calls):
            print(json.dumps(answer))


main()
