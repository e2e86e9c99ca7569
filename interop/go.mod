module github.com/etorrent/etorrent/interop

go 1.26.0

require github.com/etorrent/etorrent v0.0.0

replace github.com/etorrent/etorrent => ../
