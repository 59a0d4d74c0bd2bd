#!/bin/sh
# curl: curl.sh put|get|roundtrip KEY FILE. TIMEOUT is its time-out in seconds (none:
# its own). curl retries only if it is told to.
set -eu
op=$1 key=$2 file=$3
curl() { command curl --silent --show-error --fail --retry 3 ${TIMEOUT:+--max-time "$TIMEOUT"} "$@"; }
url=$AWS_ENDPOINT_URL/$SQUALL_BUCKET/$key

case $op in
version) command curl --version | head -n 1 ;;
put) curl --upload-file "$file" "$url" ;;
get) curl --output "$file" "$url" ;;
roundtrip) # of FILE, in the directory KEY
	there=$(mktemp -d)
	trap 'rm -rf "$there"' EXIT
	sign="--user $AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY --aws-sigv4 aws:amz:$AWS_REGION:s3"
	curl $sign --upload-file "$file" "$url/big"
	curl --output "$there/big" "$url/big"
	cmp "$file" "$there/big"
	curl --range 5-14 "$url/big" >"$there/range"
	tail -c +6 "$file" | head -c 10 | cmp - "$there/range"
	curl --request PUT --header "x-amz-copy-source: /$SQUALL_BUCKET/$key/big" "$url/copy" | grep -q '<CopyObjectResult'
	curl --head "$url/copy" | grep -qi "^content-length: $(wc -c <"$file")"
	curl "$AWS_ENDPOINT_URL/$SQUALL_BUCKET?list-type=2&max-keys=1&prefix=$key/" | grep -q '<IsTruncated>true</IsTruncated>'
	printf '<Delete><Object><Key>%s</Key></Object></Delete>' "$key/copy" |
		curl --data-binary @- "$AWS_ENDPOINT_URL/$SQUALL_BUCKET?delete" | grep -q '<Deleted>'
	curl --request DELETE "$url/big"
	curl "$AWS_ENDPOINT_URL/$SQUALL_BUCKET?list-type=2&prefix=$key/" | grep -q '<KeyCount>0</KeyCount>'
	;;
esac
