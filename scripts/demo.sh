#!/usr/bin/env bash
# A swarm of real programs on loopback: one seeder, and leechers that know it and
# each other. Ends with the SHA-256 of every copy.
set -euo pipefail
cd "$(dirname "$0")/.."
leechers=${LEECHERS:-3}
mib=${MIB:-64}

work=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap finish EXIT

go build -o "$work/etorrent" ./cmd/etorrent
etorrent=$work/etorrent # not a function: in the background that would be a shell, which keeps the signal to itself

mkdir -p "$work/seed/show/nested"
head -c $((mib << 20)) /dev/urandom >"$work/seed/show/large.bin"
head -c 100000 /dev/urandom >"$work/seed/show/nested/small.bin"
: >"$work/seed/show/nested/empty"

echo "== create: $mib MiB in three files"
"$etorrent" create "$work/seed/show" -o "$work/show.torrent"
"$etorrent" show "$work/show.torrent"

# The port that a program printed when it began to listen.
port_of() {
  local i
  for i in $(seq 100); do
    sed -n 's/.*"event":"listening".*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$1" 2>/dev/null | head -n 1 | grep . && return
    sleep 0.1
  done
  echo "$1 tells of no port" >&2
  return 1
}

echo "== one seeder, $leechers leechers"
"$etorrent" seed "$work/show.torrent" --dir "$work/seed" --state "$work/state-seed" \
  --listen 127.0.0.1:0 --no-trackers --json >"$work/seed.log" 2>"$work/seed.err" &
pids+=($!)
peers=(--peer "127.0.0.1:$(port_of "$work/seed.log")")

gets=()
start=$SECONDS
for i in $(seq "$leechers"); do
  "$etorrent" get "$work/show.torrent" --dir "$work/copy$i" --state "$work/state$i" \
    --listen 127.0.0.1:0 --no-trackers --json "${peers[@]}" >"$work/get$i.log" 2>"$work/get$i.err" &
  gets+=($!)
  pids+=($!)
  peers+=(--peer "127.0.0.1:$(port_of "$work/get$i.log")")
done
for i in $(seq "$leechers"); do
  wait "${gets[$((i - 1))]}" || { echo "leecher $i ended with $?"; cat "$work/get$i.err"; exit 1; }
  echo "leecher $i has all, checked and synced, after $((SECONDS - start)) s"
done

echo "== SHA-256 of every copy"
sums() { (cd "$1/show" && find . -type f -print0 | sort -z | xargs -0 sha256sum); }
sums "$work/seed"
for i in $(seq "$leechers"); do
  [ "$(sums "$work/seed")" = "$(sums "$work/copy$i")" ] || { echo "copy $i differs"; exit 1; }
done
echo "all $leechers copies are equal to it"
