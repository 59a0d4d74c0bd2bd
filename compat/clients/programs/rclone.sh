#!/bin/sh
# rclone: rclone.sh put|get|roundtrip KEY FILE. TIMEOUT is its time-out in seconds
# (none: its own). It is told to try less than by default: those attempts multiply, and
# a download from a backend that is down would be tried 330 times.
set -eu
op=$1 key=$2 file=$3
export RCLONE_CONFIG=/dev/null RCLONE_CONFIG_SQUALL_TYPE=s3 RCLONE_CONFIG_SQUALL_PROVIDER=Other
export RCLONE_CONFIG_SQUALL_ENDPOINT="$AWS_ENDPOINT_URL" RCLONE_CONFIG_SQUALL_ENV_AUTH=true
unset AWS_CA_BUNDLE # it breaks rclone 1.60; --ca-cert is its own way
rclone() { command rclone ${TIMEOUT:+--timeout "${TIMEOUT}s"} ${SQUALL_CA:+--ca-cert "$SQUALL_CA"} "$@"; }
base=squall:$SQUALL_BUCKET

case $op in
version) command rclone version | head -n 1 ;;
put) rclone --retries 1 --low-level-retries 2 copyto "$file" "$base/$key" ;;
get) rclone --retries 1 --low-level-retries 2 copyto "$base/$key" "$file" ;;
roundtrip) # of FILE, with 3 parts or more, in the directory KEY
	base=$base/$key there=$(mktemp -d)
	trap 'rm -rf "$there"' EXIT
	rclone copyto --s3-upload-cutoff 5M --s3-chunk-size 5M "$file" "$base/big"
	rclone copyto "$base/big" "$there/big"
	cmp "$file" "$there/big"
	rclone cat --offset 5 --count 10 "$base/big" >"$there/range"
	tail -c +6 "$file" | head -c 10 | cmp - "$there/range"
	mkdir "$there/few"
	for i in 1 2 3 4 5; do echo "$i" >"$there/few/$i ü+.txt"; done
	rclone copy "$there/few" "$base/few"
	[ "$(rclone lsf --s3-list-chunk 2 "$base/few" | wc -l)" = 5 ]
	rclone check "$there/few" "$base/few" 2>/dev/null
	rclone copyto "$base/few/1 ü+.txt" "$base/copy"
	[ "$(rclone cat "$base/copy")" = 1 ]
	rclone moveto "$base/copy" "$base/moved"
	rclone deletefile "$base/moved"
	rclone delete "$base"
	[ "$(rclone lsf -R --files-only "$base" 2>/dev/null | wc -l)" = 0 ]
	;;
esac
