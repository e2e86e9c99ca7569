//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// iperfTool measures what a connection can carry.
const iperfTool = "iperf3"

// runIperf lets iperf3's client receive from its server at the near end.
func runIperf(ctx context.Context, d distance, o delayOptions) (s sample, err error) {
	w, err := lay(d, o.congestion)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, w.remove()) }()
	host, port := hostOf(w.address(wirePort)), strconv.Itoa(wirePort)
	server, err := startAt(ctx, w.near, iperfTool, "-s", "-1", "--forceflush", "-B", host, "-p", port)
	if server, err = started(server, err, "listening"); err != nil {
		return sample{}, err
	}
	defer server.stop()
	client, err := startAt(ctx, w.far, iperfTool, "-c", host, "-p", port, "-R", "-J",
		"-t", seconds(o.span), "-O", seconds(o.warm))
	if err != nil {
		return sample{}, err
	}
	defer client.stop()
	var text strings.Builder
	for client.lines.Scan() {
		text.WriteString(client.lines.Text())
	}
	if _, err := client.finish(); err != nil {
		return sample{}, err
	}
	rate, err := parseIperf(text.String())
	return sample{values: map[figure]float64{rateSpan: rate / million}}, err
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Round(time.Second).Seconds())) }

// parseIperf reads the rate at the receiving end, in bytes per second.
func parseIperf(text string) (float64, error) {
	var told struct {
		Error string
		End   struct {
			Received struct {
				Bits float64 `json:"bits_per_second"`
			} `json:"sum_received"`
		}
	}
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		return 0, fmt.Errorf("iperf3: %w", err)
	}
	if told.Error != "" || told.End.Received.Bits == 0 {
		return 0, fmt.Errorf("iperf3 measured nothing: %s", told.Error)
	}
	return told.End.Received.Bits / 8, nil
}
