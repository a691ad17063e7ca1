#!/usr/bin/env bash
# fuzz.sh TIME: runs every fuzz target for that long, one after the other, and
# stops at the first that fails. A target's package is built once, without what
# debuggers need: that takes longer than the rest. That its time ends is
# sometimes told as a failure, which is none.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
cache=$(go env GOCACHE)/fuzz

go list -f '{{range .TestGoFiles}}{{$.ImportPath}} {{$.Dir}} {{.}}
{{end}}{{range .XTestGoFiles}}{{$.ImportPath}} {{$.Dir}} {{.}}
{{end}}' ./... | while read -r package dir file; do
	! grep -q '^func Fuzz' "$dir/$file" || echo "$package" "$dir"
done | sort -u | while read -r package dir; do
	go test -c -fuzz . -ldflags '-s -w' -o "$bin/test" "$package"
	cd "$dir"
	"$bin/test" -test.list '^Fuzz' | while read -r target; do
		echo "fuzz: $package $target"
		"$bin/test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$1" \
			-test.fuzzcachedir "$cache/$package" >"$bin/log" 2>&1 ||
			grep -q '^ *context deadline exceeded$' "$bin/log" || { cat "$bin/log" && exit 1; }
	done
	cd - >/dev/null
done
