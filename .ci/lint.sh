#!/usr/bin/env bash
# lint.sh: what the code must pass before its tests run. `make lint` calls it.
# The tools are those of .tools/go.mod, so that their dependencies stay out of
# the product's.
set -uo pipefail
cd "$(dirname "$0")/.."

status=0
check() { # NAME COMMAND...: the command must succeed
	echo "lint: $1"
	shift
	"$@" || status=1
}
silent() { # COMMAND...: the command must succeed and print nothing
	local out
	out=$("$@" 2>&1) && [ -z "$out" ] && return
	printf '%s\n' "$out"
	return 1
}
tool() { go tool -modfile=.tools/go.mod "$@"; }

check vet go vet ./...
mapfile -t files < <(git ls-files -co --exclude-standard '*.go')
check gofumpt silent tool gofumpt -l "${files[@]}"
check staticcheck tool staticcheck ./...
check 'import direction' tool depguard ./...
check lengths go run -C .tools ./lengths ..
check 'go.mod' go mod tidy -diff
exit $status
