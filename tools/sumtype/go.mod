// This module pins the checker of sum types; scripts/tool.sh builds it.
module github.com/etorrent/etorrent/tools/sumtype

go 1.26.0

tool github.com/alecthomas/go-check-sumtype/cmd/go-check-sumtype

require (
	github.com/alecthomas/go-check-sumtype v0.4.0 // indirect
	golang.org/x/mod v0.25.0 // indirect
	golang.org/x/sync v0.15.0 // indirect
	golang.org/x/tools v0.34.0 // indirect
)
