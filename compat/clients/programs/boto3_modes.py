"""Uploads N small objects to raw/ with boto3 in one of its retry modes, all at once, and
prints what the server saw of it: boto3_modes.py legacy|standard|adaptive N.

Each upload has a client of its own, so that none waits for what another one met.
"""
import concurrent.futures
import os
import sys
import urllib.request

import boto3
import botocore.exceptions
from botocore.config import Config

mode, uploads = sys.argv[1], int(sys.argv[2])
config = Config(retries={"mode": mode}, s3={"addressing_style": "path"})
clients = [boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=config) for _ in range(uploads)]


def upload(i):
    try:
        clients[i].put_object(Bucket=os.environ["SQUALL_BUCKET"], Key=f"raw/{i}.json", Body=b"{}")
        return True
    except botocore.exceptions.ClientError:
        return False


with concurrent.futures.ThreadPoolExecutor(max_workers=uploads) as pool:
    done = sum(pool.map(upload, range(uploads)))
print(f"{mode}: {done} of {uploads} done", file=sys.stderr)
with urllib.request.urlopen(os.environ["SQUALL_ADMIN"] + "/state") as state:
    print(state.read().decode())
