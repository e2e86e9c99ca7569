//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/etorrent/etorrent/metainfo"
)

// The figures of one program.
var (
	cpuAlone  = newFigure("cpu_s_per_gib", "CPU s/GiB")
	anonAlone = newFigure("anon_mib", "MiB")
)

// hashRows read and hash what lies there, on all cores.
func hashRows(o options) []row {
	s := o.sizes.payload(o.sizes.hash)
	floor := work("floor", s, func(l *lab, m *material) []string {
		return []string{l.self, roleHash, m.file(), strconv.FormatInt(m.piece, 10)}
	}, nil)
	verify := work("verify", s, func(l *lab, m *material) []string {
		return []string{l.program, "verify", m.torrent, "--dir", m.dir, "--quiet"}
	}, nil)
	create := work("create", s, func(l *lab, m *material) []string {
		return []string{l.program, "create", m.file(), "-o", made(l), "--piece-length", strconv.FormatInt(m.piece, 10), "--quiet"}
	}, sameTorrent)
	one := func(name, about string, c contender) row {
		return row{
			name: name, about: about, payloads: []spec{s}, contenders: []contender{c, floor},
			aims: []aim{{"rate, x the floor's", times(rateWhole, c.name, floor.name), atLeast, 0.95, 0.85}},
		}
	}
	return []row{
		one("verify", "etorrent verify beside a program that only preads and hashes", verify),
		one("create", "etorrent create beside a program that only preads and hashes", create),
	}
}

// work is a contender that does something with a payload and ends by itself. prove
// may be nil.
func work(name string, s spec, command func(*lab, *material) []string, prove func(*lab, *material) error) contender {
	return contender{name: name, run: func(ctx context.Context, l *lab) (sample, error) {
		m := l.materials[s]
		args := command(l, m)
		c, err := l.start(ctx, args[0], args[1:]...)
		if err != nil {
			return sample{}, err
		}
		used, err := c.finish()
		if err != nil {
			return sample{}, err
		}
		return sample{
			values: map[figure]float64{
				rateWhole: float64(m.size) / million / used.took.Seconds(),
				cpuAlone:  used.cpu.Seconds() / (float64(m.size) / gib), anonAlone: float64(used.anon) / mib,
			},
			check: func() error {
				if prove == nil {
					return nil
				}
				return prove(l, m)
			},
		}, nil
	}}
}

// made is the torrent that create writes.
func made(l *lab) string { return filepath.Join(l.copies(), "made.torrent") }

func sameTorrent(l *lab, m *material) error {
	a, err := readTorrent(m.torrent)
	if err != nil {
		return err
	}
	b, err := readTorrent(made(l))
	if err != nil {
		return err
	}
	if a.ID() != b.ID() {
		return errors.New("create made another torrent")
	}
	return nil
}

func readTorrent(name string) (*metainfo.Torrent, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return metainfo.Parse(raw)
}
