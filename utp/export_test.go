package utp

import "github.com/etorrent/etorrent/sup"

// Hook has f be called where the process receives, and in each step.
func Hook(f sup.Hook) Option { return func(o *options) { o.hook = f } }
