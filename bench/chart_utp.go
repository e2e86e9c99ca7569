//go:build linux

package main

import (
	"errors"
	"io"
)

var errNoUTPChart = errors.New("the chart of uTP needs the rows utp and utp-stock")

// writeUTPChart draws the cost and the rate of a stream over uTP: ours, with and without
// segments, and libutp. It needs the rows utp and utp-stock.
func (r *report) writeUTPChart(out io.Writer) error {
	wide, stock := r.row(utpRow), r.row(utpStockRow)
	if wide == nil || stock == nil {
		return errNoUTPChart
	}
	bars := func(of *result, f figure) []bar {
		classes := [...]string{"ours", "floor", "other"}
		labels := [...]string{"etorrent", "no segments", "libutp"}
		var all []bar
		for i, c := range of.row.contenders {
			if len(of.row.contenders) == 2 {
				i *= 2
			}
			all = append(all, bar{labels[i], of.median(c.name, f), classes[i]})
		}
		return all
	}
	return r.drawChart(out, "cost and rate of uTP", []panel{
		{"CPU seconds per GiB, both ends together (less is better)", bars(wide, cpuBoth)},
		{"10⁶ bytes per second (more is better)", bars(wide, rateWhole)},
		{"10⁶ bytes per second with the kernel's usual buffers (more is better)", bars(stock, rateWhole)},
	})
}

// row is the result of a row, nil if it was not measured.
func (r *report) row(name string) *result {
	for _, res := range r.results {
		if res.row.name == name && res.failed == nil {
			return res
		}
	}
	return nil
}
