// Package clients holds the backend on real sockets against clients that nobody here
// wrote: aws-sdk-go-v2, minio-go, boto3, the AWS CLI, rclone, s3cmd and curl. All of
// it is tests; what they find is docs/clients.md, which they keep true.
//
// Programs of the clients in other languages are in programs. Where one is not
// installed its tests are skipped; SQUALL_REQUIRE_CLIENTS=1 makes that a failure.
package clients
