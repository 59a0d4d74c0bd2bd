#!/bin/sh
# s3cmd: s3cmd.sh put|get|roundtrip KEY FILE. TIMEOUT is its socket time-out in seconds
# (none: its own).
set -eu
op=$1 key=$2 file=$3
case $AWS_ENDPOINT_URL in https:*) https=True ;; *) https=False ;; esac
host=${AWS_ENDPOINT_URL#http*://}
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cat >"$there/s3cfg" <<END
host_base = $host
host_bucket = $host
use_https = $https
ca_certs_file = ${SQUALL_CA:-}
${TIMEOUT:+socket_timeout = $TIMEOUT}
END
s3cmd() { command s3cmd -c "$there/s3cfg" --no-progress --quiet "$@"; }
count() { command s3cmd -c "$there/s3cfg" ls --recursive "$1" | wc -l; }
base=s3://$SQUALL_BUCKET

case $op in
version) command s3cmd --version ;;
put) s3cmd put "$file" "$base/$key" ;;
get) s3cmd get --force "$base/$key" "$file" ;;
roundtrip) # of FILE, with 3 parts or more, in the directory KEY
	base=$base/$key
	s3cmd put --multipart-chunk-size-mb 5 "$file" "$base/big"
	s3cmd get "$base/big" "$there/big"
	cmp "$file" "$there/big"
	head -c 5 "$file" >"$there/range" # and goes on after it
	s3cmd get --continue "$base/big" "$there/range"
	cmp "$file" "$there/range"
	mkdir "$there/few"
	for i in 1 2 3 4 5; do echo "$i" >"$there/few/$i ü+.txt"; done
	s3cmd sync "$there/few/" "$base/few/"
	[ "$(count "$base/few/")" = 5 ]
	s3cmd cp "$base/few/1 ü+.txt" "$base/copy"
	[ "$(s3cmd get "$base/copy" -)" = 1 ]
	s3cmd mv "$base/copy" "$base/moved"
	s3cmd del "$base/moved"
	s3cmd del --recursive --force "$base/"
	[ "$(count "$base/")" = 0 ]
	;;
esac
