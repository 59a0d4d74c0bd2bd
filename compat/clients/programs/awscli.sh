#!/bin/sh
# The AWS CLI: awscli.sh put|get|roundtrip KEY FILE. AWS is the program, TIMEOUT its
# read time-out in seconds (none: its own).
set -eu
op=$1 key=$2 file=$3
aws() { "${AWS:-aws}" --endpoint-url "$AWS_ENDPOINT_URL" ${TIMEOUT:+--cli-read-timeout "$TIMEOUT"} "$@"; }

case $op in
version) "${AWS:-aws}" --version ;;
put) aws s3api put-object --bucket "$SQUALL_BUCKET" --key "$key" --body "$file" >/dev/null ;;
get) aws s3api get-object --bucket "$SQUALL_BUCKET" --key "$key" "$file" >/dev/null ;;
roundtrip) # of FILE, with 3 parts or more, in the directory KEY
	base=s3://$SQUALL_BUCKET/$key there=$(mktemp -d)
	trap 'rm -rf "$there"' EXIT
	aws s3 cp --only-show-errors "$file" "$base/big"
	aws s3 cp --only-show-errors "$base/big" "$there/big"
	cmp "$file" "$there/big"
	aws s3api get-object --bucket "$SQUALL_BUCKET" --key "$key/big" --range bytes=5-14 "$there/range" >/dev/null
	tail -c +6 "$file" | head -c 10 | cmp - "$there/range"
	mkdir "$there/few"
	for i in 1 2 3 4 5; do echo "$i" >"$there/few/$i ü+.txt"; done
	aws s3 sync --only-show-errors "$there/few" "$base/few"
	[ "$(aws s3 ls --page-size 2 "$base/few/" | wc -l)" = 5 ]
	aws s3 cp --only-show-errors "$base/few/1 ü+.txt" "$base/copy"
	[ "$(aws s3 cp "$base/copy" -)" = 1 ]
	aws s3 mv --only-show-errors "$base/copy" "$base/moved"
	aws s3api delete-objects --bucket "$SQUALL_BUCKET" --delete "Objects=[{Key=$key/moved},{Key=$key/big}]" >/dev/null
	aws s3 rm --only-show-errors --recursive "$base/"
	[ "$(aws s3api list-objects-v2 --bucket "$SQUALL_BUCKET" --prefix "$key/" --query 'length(Contents || `[]`)')" = 0 ]
	;;
esac
