package cong

func newQuiet(cfg Config) Control { return newLedbat(cfg) }
