#!/usr/bin/env bash
# Prints the folder in whose node_modules utp-native lies, libutp for Node, as its
# maintainers built it. It is fetched once into the user's cache folder, and every
# package is what the sums of interop/libutp/relay/node/package-lock.json say.
set -euo pipefail
cd "$(dirname "$0")/../interop/libutp/relay/node"
sum=$(sha256sum package-lock.json)
into=${XDG_CACHE_HOME:-$HOME/.cache}/etorrent/utpnative/${sum:0:16}
if [ ! -e "$into/node_modules" ]; then
  mkdir -p "${into%/*}"
  work=$(mktemp -d "${into%/*}/new.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cp package.json package-lock.json "$work"
  (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --silent >&2)
  mv -T "$work" "$into" 2>/dev/null || [ -e "$into/node_modules" ] # another was faster
fi
echo "$into"
