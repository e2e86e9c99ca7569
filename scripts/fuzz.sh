#!/usr/bin/env bash
# Fuzzes every target for a while and measures what of its decoder the corpus
# reaches: below 80 % is a failure.
#
#   scripts/fuzz.sh [-keep] [TARGET...]
#
# FUZZTIME is how long each is fuzzed, 1m if not said; 0s only measures. -keep
# adds what was found to testdata/TARGET.seeds.gz, which plain tests replay.
set -uo pipefail
cd "$(dirname "$0")/.."
FUZZTIME=${FUZZTIME:-1m}
least=80
keep=
if [ "${1:-}" = -keep ]; then
  keep=yes
  shift
fi

# Target, package, and the files that are its decoder; behind a colon the package that
# these are in, where it is another one. What is below interop is a module of its own.
targets='
FuzzParse bencode parse.go scan.go keys.go value.go
FuzzTorrent metainfo parse.go info.go files.go field.go findings.go encode.go
FuzzMagnet metainfo magnet.go infohash.go percent.go hostport.go
FuzzDecode internal/vocab/wire decode.go limits.go message.go index.go range.go piece.go port.go extended.go bitfield.go unknown.go
FuzzPacket internal/vocab/utpwire parse.go mask.go
FuzzTrace internal/vocab/utptrace parse.go append.go
FuzzViewHandshake internal/vocab/wire handshake.go
FuzzViewExtendedHandshake internal/vocab/wire viewexthandshake.go exthandshake.go
FuzzClientName internal/vocab/wire clientname.go
FuzzViewBitfield internal/vocab/pieceset bitfield.go
FuzzPrintable internal/vocab/text text.go
FuzzCodecs internal/store codec.go
FuzzInitiator internal/core/handshake initiator.go inbox.go
FuzzAcceptor internal/core/handshake acceptor.go inbox.go
FuzzReceive internal/core/peer receive.go pieces.go fetch.go granted.go serve.go extended.go pipeline.go asked.go queue.go flood.go
FuzzCore internal/core/assign receive.go settle.go pick.go allowed.go window.go read.go urgent.go verdict.go holder.go rejoin.go state.go
FuzzDemux internal/core/demux demux.go table.go
FuzzChoker internal/core/choke core.go round.go slots.go tft.go rotation.go firstcome.go
FuzzSwarms internal/core/swarms announce.go group.go sample.go list.go slab.go
FuzzReassembly internal/core/utp/recv recv.go receive.go pool.go answer.go
FuzzScript internal/core/announce plan.go lane.go turn.go answer.go fail.go host.go pump.go life.go progress.go tiers.go saved.go heap.go
FuzzFlight internal/core/utp/send flight.go chain.go acknowledge.go loss.go episode.go timer.go sounding.go
FuzzControl internal/core/utp/cong quiet.go round.go loss.go buffer.go drain.go ledbat.go
FuzzConnection internal/core/utp/conn handshake.go receive.go ack.go flow.go window.go path.go close.go deadline.go guard.go licence.go
FuzzOursBesideLibutp interop/libutp:internal/core/utp/conn receive.go ack.go window.go close.go
FuzzDoor internal/core/utp/door door.go number.go
FuzzScrapes internal/core/scrape scrape.go answer.go
FuzzReveal internal/core/reveal reveal.go remote.go grant.go flow.go again.go
FuzzDecide internal/core/names names.go clean.go fold.go planner.go rules.go causes.go
FuzzEndpoint internal/vocab/endpoint endpoint.go
FuzzFilter internal/vocab/ipfilter parse.go line.go ipfilter.go
FuzzViewURL internal/vocab/tracker url.go address.go mask.go
FuzzHTTPReplies internal/vocab/tracker httpresponse.go httpscrape.go failure.go peers.go
FuzzQueries internal/vocab/tracker httpquery.go
FuzzViewReply internal/vocab/tracker udpreply.go peers.go
FuzzViewRequest internal/vocab/tracker udprequest.go
FuzzPair internal/leaf/sha1many pair.go
FuzzMany internal/leaf/sha1many many.go
FuzzAmount cmd/etorrent/internal/amount amount.go
FuzzParse cmd/etorrent/internal/pattern pattern.go
'

module=$(go list -m)
cache=$(go env GOCACHE)/fuzz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/fuzzkit" ./tools/fuzzkit || exit 1
failed=()

# home is the folder of the module that a package is in.
home() { case $1 in interop/*) echo interop ;; *) echo . ;; esac; }

# gotest runs go test where a package's module is. There a program of others that is missing
# is a failure.
gotest() { # package, arguments...
  local package=$1 at
  shift
  at=$(home "$package")
  (cd "$at" && { [ "$at" = . ] || export CI=true; } && go test "$@" "./${package#"$at/"}")
}

# fuzz runs a target. That its time is over while an input runs is no failure,
# though the go command sometimes says so.
fuzz() { # target, package
  gotest "$2" -run '^$' -fuzz "^$1\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 1x >"$work/log" 2>&1 && { tail -n 3 "$work/log"; return 0; }
  ! grep -q 'Failing input written\|panic:' "$work/log" && grep -q 'context deadline exceeded' "$work/log" && return 0
  cat "$work/log"
  return 1
}

measure() { # target, package, that of the files, files...
  local target=$1 package=$2 covered=$3
  shift 3
  local place=$work/$target.$RANDOM
  mkdir -p "$place/testdata/fuzz/$target"
  cp "$package"/testdata/*.gz "$place/testdata/" 2>/dev/null
  cp "$package/testdata/fuzz/$target"/* "$cache/$module/$package/$target"/* "$place/testdata/fuzz/$target/" 2>/dev/null
  gotest "$package" -c -cover -coverpkg "$module/$covered" -o "$place/test" || return 1
  (cd "$place" && CI=true ./test -test.run "^$target\$" -test.coverprofile cover.out >log) || { cat "$place/log"; return 1; }
  "$work/fuzzkit" cover $least "$place/cover.out" "$@"
}

while read -r target package files; do
  [ -n "$target" ] || continue
  covered=${package#*:}
  package=${package%:*}
  [ $# -eq 0 ] || [[ " $* " == *" $target "* ]] || continue
  echo "== $target of $package"
  seeds=$package/testdata/$target.seeds.gz
  if [ -n "$keep" ] && [ ! -f "$seeds" ]; then
    mkdir -p "$package/testdata" && "$work/fuzzkit" pack "$seeds" "$work/none"
  fi
  if [ "$FUZZTIME" != 0s ]; then
    # What is found interesting is not made smaller: that can take longer than the
    # fuzzing itself.
    fuzz "$target" "$package" || failed+=("$target")
  fi
  [ -z "$keep" ] || "$work/fuzzkit" pack "$seeds" "$cache/$module/$package/$target" || failed+=("$target")
  # shellcheck disable=SC2086 # the files are words
  measure "$target" "$package" "$covered" $files || failed+=("$target")
done <<<"$targets"

[ ${#failed[@]} -eq 0 ] || echo "failed: ${failed[*]}"
[ ${#failed[@]} -eq 0 ]
