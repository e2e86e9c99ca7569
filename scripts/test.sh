#!/usr/bin/env bash
# All tests, in the order in which a fault is cheapest to read: every package,
# those with goroutines again under the race detector, then against the programs
# of others. Every stage runs; the script fails if one failed.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()
times=()
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tally=$work/tally
digest=$work/digest
testsum=$work/testsum
go build -o "$testsum" ./tools/testsum || exit 1

# Results of an earlier run count at a developer's, not in CI.
fresh=()
[ "${CI:-}" != true ] || fresh=(-count=1)

stage() { # name, arguments of go test...
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  go test -json "${fresh[@]}" "$@" 2>&1 | "$testsum" -stage "$name" -tally "$tally" -digest "$digest" || failed+=("$name")
  times+=("$name $((SECONDS - start)) s")
}

# Packages with goroutines or locks.
racing() {
  go list ./... | grep -E '^github\.com/etorrent/etorrent($|/(sup|utp|etorrenttest|sqlitestate|internal/(proc|store|leaf|storage))(/|$))'
}

scripts/peers.sh || failed+=(peers)

# All of the worlds of sim are in the stage behind it.
mapfile -t unit < <(go list ./... | grep -vx 'github.com/etorrent/etorrent/sim')
stage unit -timeout 8m "${unit[@]}"

# Its worlds leave much to collect, and none measures memory.
worlds=all
[ "${CI:-}" != true ] || worlds='tiny crash large' # its time is short
ETORRENT_SIM_ALL=$worlds GOGC=400 stage sim -timeout 10m ./sim

mapfile -t race < <(racing)
if [ "$(go env CGO_ENABLED)" = 1 ] && command -v "$(go env CC)" >/dev/null; then
  stage race -race -short -vet=off -timeout 10m "${race[@]}"
else
  echo '== race: skipped, the race detector needs cgo and a C compiler'
  [ "${CI:-}" != true ] || failed+=(race)
fi

if [ -f interop/go.mod ]; then
  # Its tests start programs that share the machine: one package at a time. Those that
  # may run beside others wait for them more than they compute. They are a part of what
  # there is: make interop-full, utp-interop, utp-links and utp-table have all of it.
  pushd interop >/dev/null || exit 1
  stage interop -p 1 -parallel 6 -timeout 15m ./...
  popd >/dev/null || exit 1
else
  echo '== interop: there is no folder interop'
fi

# The log is long, and its end is read first.
[ ! -s "$digest" ] || { echo '== what failed said'; tail -n 60 "$digest"; }
echo "== took: $(printf '%s; ' "${times[@]}")"
[ ${#failed[@]} -eq 0 ] || echo "failed: ${failed[*]}"
awk '{p += $1; f += $2; s += $3} END {printf "tests: %d passed, %d failed, %d skipped\n", p, f, s}' "$tally"
[ ${#failed[@]} -eq 0 ]
