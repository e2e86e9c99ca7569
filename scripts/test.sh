#!/usr/bin/env bash
# All tests, in the order in which a fault is cheapest to read: every package,
# those with goroutines again under the race detector, then against the programs
# of others. Every stage runs; the script fails if one failed.
set -uo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
testsum=$work/testsum
go build -o "$testsum" ./tools/testsum || exit 1

# Results of an earlier run count at a developer's, not in CI.
fresh=()
[ "${CI:-}" != true ] || fresh=(-count=1)

# A stage leaves in its own files what is told at the end.
stage() { # name, arguments of go test...
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  go test -json "${fresh[@]}" "$@" 2>&1 |
    "$testsum" -stage "$name" -tally "$work/tally.$name" -digest "$work/digest.$name" || fails "$name"
  echo "$name $((SECONDS - start)) s" >>"$work/times"
}

fails() { echo "$1" >>"$work/failed"; }

# Packages with goroutines or locks.
racing() {
  go list ./... | grep -E '^github\.com/etorrent/etorrent($|/(sup|utp|etorrenttest|sqlitestate|internal/(proc|store|leaf|storage))(/|$))'
}

scripts/peers.sh || fails peers

# All of the worlds of sim have a stage of their own.
mapfile -t unit < <(go list ./... | grep -vx 'github.com/etorrent/etorrent/sim')
stage unit -timeout 8m "${unit[@]}"

mapfile -t race < <(racing)
if [ "$(go env CGO_ENABLED)" = 1 ] && command -v "$(go env CC)" >/dev/null; then
  stage race -race -short -vet=off -timeout 10m "${race[@]}"
else
  echo '== race: skipped, the race detector needs cgo and a C compiler'
  [ "${CI:-}" != true ] || fails race
fi

# In virtual time the machine's speed decides nothing: the worlds of sim have what the
# programs of others leave idle. They leave much to collect, and none measures memory.
worlds=all
[ "${CI:-}" != true ] || worlds='tiny crash large' # its time is short
(
  renice -n 19 "$BASHPID" >/dev/null # where that cannot be done they only take more of it
  ETORRENT_SIM_ALL=$worlds GOGC=400 stage sim -timeout 15m ./sim
) >"$work/sim" 2>&1 &

if [ -f interop/go.mod ]; then
  # Its tests start programs that share the machine: one package at a time. Those that
  # may run beside others wait for them more than they compute. They are a part of what
  # there is: make interop-full, utp-interop, utp-links and utp-table have all of it.
  pushd interop >/dev/null || exit 1
  stage interop -p 1 -parallel 6 -timeout 15m . ./knife ./library
  wait # what follows compares rates
  stage links -p 1 -parallel 6 -timeout 15m ./libutp/... ./links
  popd >/dev/null || exit 1
else
  echo '== interop: there is no folder interop'
fi
wait
cat "$work/sim"

# The log is long, and its end is read first.
digest=$(cat "$work"/digest.* 2>/dev/null)
[ -z "$digest" ] || { echo '== what failed said'; tail -n 60 <<<"$digest"; }
echo "== took: $(paste -sd ';' "$work/times")"
[ ! -s "$work/failed" ] || echo "failed: $(paste -sd ' ' "$work/failed")"
awk '{p += $1; f += $2; s += $3} END {printf "tests: %d passed, %d failed, %d skipped\n", p, f, s}' "$work"/tally.*
[ ! -s "$work/failed" ]
