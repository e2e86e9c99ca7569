#!/usr/bin/env bash
# usage: tool.sh FOLDER PACKAGE
# Builds PACKAGE as the module tools/FOLDER pins it and prints the binary's path.
# The binary stays in the user's cache folder under a key of the pinned versions
# and the Go version, so that a second run, or a second clone, builds nothing.
set -euo pipefail
cd "$(dirname "$0")/../tools/$1"
package=$2
name=${package##*/}
key=$(cat go.mod go.sum <(go version) | git hash-object --stdin | cut -c1-16)
bin=${XDG_CACHE_HOME:-$HOME/.cache}/etorrent/tools/$name-$key
if [ ! -x "$bin" ]; then
  echo "building $name (minutes the first time)" >&2
  mkdir -p "${bin%/*}"
  go build -o "$bin.$$" "$package"
  mv "$bin.$$" "$bin"
fi
echo "$bin"
