"""Moves objects to the bucket and back with boto3: boto3_roundtrip.py FILE.

It fails where something is not as it was. FILE makes three parts or more.
"""
import io
import os
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

bucket = os.environ["SQUALL_BUCKET"]
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=Config(s3={"addressing_style": "path"}))
parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
with open(sys.argv[1], "rb") as f:
    big = f.read()
key, small = "a b/ü+%2F&?=/1.txt", big[:1000]


def read(key, **more):
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


s3.put_object(Bucket=bucket, Key=key, Body=small, Metadata={"made-by": "test"})
assert read(key) == small
assert read(key, Range="bytes=5-14") == small[5:15]
head = s3.head_object(Bucket=bucket, Key=key)
assert head["ContentLength"] == 1000 and head["Metadata"] == {"made-by": "test"}, head
s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
assert read("copy") == small
for algorithm in "CRC32", "SHA1", "SHA256":
    s3.put_object(Bucket=bucket, Key="sum/" + algorithm, Body=small, ChecksumAlgorithm=algorithm)
    assert read("sum/" + algorithm, ChecksumMode="ENABLED") == small

s3.upload_fileobj(io.BytesIO(big), bucket, "big", Config=parts)
s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "big copy", Config=parts)
for name in "big", "big copy":
    there = io.BytesIO()
    s3.download_fileobj(bucket, name, there, Config=parts)
    assert there.getvalue() == big, name
    assert s3.head_object(Bucket=bucket, Key=name)["ETag"].endswith('-3"'), name

for operation in "list_objects_v2", "list_objects":
    pages = list(s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": 3}))
    keys = [o["Key"] for page in pages for o in page["Contents"]]
    assert len(keys) == 7 and len(pages) == 3 and keys[0] == key, (operation, keys)
assert s3.list_objects_v2(Bucket=bucket, Delimiter="/")["CommonPrefixes"] == [{"Prefix": "a b/"}, {"Prefix": "sum/"}]

s3.delete_object(Bucket=bucket, Key=key)
gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in keys[1:]]})
assert len(gone["Deleted"]) == 6 and "Errors" not in gone, gone
assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
try:
    read(key)
    sys.exit("what was deleted is there")
except s3.exceptions.NoSuchKey:
    pass
