#!/usr/bin/env bash
# fuzz.sh TIME: runs every fuzz target for that long, one after the other, and
# stops at the first that fails. A target's package is built once. That its time
# ends is sometimes told as a failure, which is none.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
cache=$(go env GOCACHE)/fuzz

go list -f '{{range .TestGoFiles}}{{$.Dir}}/{{.}}
{{end}}{{range .XTestGoFiles}}{{$.Dir}}/{{.}}
{{end}}' ./... | xargs grep -l '^func Fuzz' | xargs -n 1 dirname | sort -u | while read -r dir; do
	package=${dir#"$root/"}
	go test -c -fuzz . -o "$bin/test" "./$package"
	cd "$dir"
	"$bin/test" -test.list '^Fuzz' | while read -r target; do
		echo "fuzz: $package $target"
		"$bin/test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$1" \
			-test.fuzzcachedir "$cache/$(cd "$root" && go list "./$package")" >"$bin/log" 2>&1 ||
			grep -q '^ *context deadline exceeded$' "$bin/log" || { cat "$bin/log" && exit 1; }
	done
	cd "$root"
done
