#!/usr/bin/env bash
# The programs of others that interop/ and bench/ talk to. Installs what is
# missing where that can be done unasked (root, with Debian's packages), and says
# plainly what is not there: its tests are then skipped, or fail under CI=true. With
# the argument bench also those that only bench/ compares with.
set -uo pipefail

peers=( # package, then a command that succeeds where it is installed
  'aria2               command -v aria2c'
  'g++                 command -v g++'
  'mktorrent           command -v mktorrent'
  'nodejs              command -v node'
  'npm                 command -v npm'
  'opentracker         command -v opentracker'
  'qbittorrent-nox     command -v qbittorrent-nox'
  'rtorrent            command -v rtorrent'
  'strace              command -v strace'
  'transmission-cli    command -v transmission-cli'
  'iproute2            command -v ip && command -v tc'
  'python3-libtorrent  /usr/bin/python3 -c "import libtorrent"'
)
[ "${1:-}" != bench ] || peers+=('iperf3              command -v iperf3')

missing() {
  local peer package check
  for peer in "${peers[@]}"; do
    read -r package check <<<"$peer"
    eval "$check" >/dev/null 2>&1 || echo "$package"
  done
}

mapfile -t need < <(missing)
if [ ${#need[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "peers: installing ${need[*]}"
  log=$(mktemp)
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${need[@]}"; } \
    >"$log" 2>&1 </dev/null || tail -n 20 "$log"
  rm -f "$log"
  mapfile -t need < <(missing)
fi

# anacrolix/torrent is no package of Debian's: it is built, once, where its module can
# be had. bench/ does without, as without utp-native.
if [ "${1:-}" != bench ] && ! log=$("${0%/*}/tool.sh" anacrolix github.com/anacrolix/torrent/cmd/torrent 2>&1); then
  echo "peers: anacrolix/torrent cannot be built: $(tail -n 3 <<<"$log")"
  need+=(anacrolix/torrent)
fi

# libutp is compiled by its tests, and by bench/.
if ! log=$("${0%/*}/libutp.sh" 2>&1); then
  echo "peers: the source of libutp cannot be had: $(tail -n 3 <<<"$log")"
  need+=(libutp)
fi

# utp-native is libutp for Node.
if [ "${1:-}" != bench ] && ! log=$("${0%/*}/utpnative.sh" 2>&1); then
  echo "peers: utp-native cannot be had: $(tail -n 3 <<<"$log")"
  need+=(utp-native)
fi

if [ ${#need[@]} -gt 0 ]; then
  echo "peers: not installed: ${need[*]} (Debian's names); what needs them is skipped"
  [ "${CI:-}" != true ] || exit 1
fi
