#!/usr/bin/env bash
# Everything that is checked without running the code: gofmt, go vet,
# golangci-lint, go-check-sumtype, and builds for Windows and for 32 bits. Prints the seconds
# of each step, runs all of them, and fails if one failed.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()

step() { # name, command...
  local name=$1 start=$SECONDS
  shift
  if "$@"; then
    printf 'lint: %-18s ok     %4d s\n' "$name" $((SECONDS - start))
  else
    printf 'lint: %-18s FAILED %4d s\n' "$name" $((SECONDS - start))
    failed+=("$name")
  fi
}

formatted() {
  local rows
  rows=$(git ls-files --cached --others --exclude-standard '*.go' | xargs -r gofmt -l) || return 1
  [ -z "$rows" ] || { printf 'not formatted by gofmt:\n%s\n' "$rows"; return 1; }
}

linter() {
  local bin
  bin=$(scripts/tool.sh golangci github.com/golangci/golangci-lint/v2/cmd/golangci-lint) || return 1
  "$bin" run ./...
}

# golangci-lint's own copy of this checker sees switches only in the package
# that declares the sum.
sumtypes() {
  local bin
  bin=$(scripts/tool.sh sumtype github.com/alecthomas/go-check-sumtype/cmd/go-check-sumtype) || return 1
  "$bin" -default-signifies-exhaustive=false ./...
}

interop_vet() { (cd interop && go vet ./...); }

step gofmt formatted
step 'go vet' go vet ./...
step 'windows build' env GOOS=windows CGO_ENABLED=0 go build ./...
step '32-bit build' env GOARCH=386 CGO_ENABLED=0 go build ./...
step go-check-sumtype sumtypes
step golangci-lint linter
if [ -f interop/go.mod ]; then step 'interop vet' interop_vet; fi

if [ ${#failed[@]} -gt 0 ]; then
  echo "lint: failed: ${failed[*]}" >&2
  exit 1
fi
