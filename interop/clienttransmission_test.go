//go:build linux

package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
)

func needTransmission(t *testing.T) {
	t.Helper()
	need(t, "transmission-cli", "transmission-cli", "--version")
}

// transmission asks the program over HTTP.
type transmission struct {
	web   *http.Client
	token string // without which it answers nothing
}

// runTransmission starts the program, which checks what lies there itself.
func runTransmission(t *testing.T, at *testnet.Port, j job) *running {
	t.Helper()
	return runTransmissionOver(t, at, j, overTCP)
}

// runTransmissionOver starts it over transports; it cannot do without TCP.
func runTransmissionOver(t *testing.T, at *testnet.Port, j job, over transports) *running {
	t.Helper()
	settings, err := json.Marshal(map[string]any{
		"bind-address-ipv4": at.Addr().String(), "port-forwarding-enabled": false,
		"dht-enabled": false, "lpd-enabled": false, "pex-enabled": false, "utp-enabled": over != overTCP,
		"ratio-limit-enabled": false, "idle-seeding-limit-enabled": false,
		"rpc-enabled": true, "rpc-bind-address": "127.0.0.1", "rpc-authentication-required": false, "rpc-host-whitelist-enabled": false,
	})
	if err != nil {
		t.Fatal(err)
	}
	config, _ := writeIn(t, "config", "settings.json", string(settings))
	tr := &transmission{web: caller(at.Host)}
	for deadline := time.Now().Add(cellPatience); ; {
		c := startOn(t, at.Host, "Transmission", j.dir, "transmission-cli", "--config-dir", config, "--download-dir", j.dir,
			"--port", strconv.Itoa(peerPort), "--no-portmap", j.torrent)
		if tr.goesOn(c, deadline) {
			return &running{child: c, poll: tr.poll}
		}
		if time.Now().After(deadline) {
			t.Fatal("Transmission does not start")
		}
	}
}

// The states of a torrent that runs (tr_torrent_activity).
const (
	transmissionFetches = 4
	transmissionSeeds   = 6
)

// goesOn waits until the program has begun. It ends at once when it happens to look
// at its torrent just after the check of what lies there: that one counts as stopped.
func (tr *transmission) goesOn(c *child, deadline time.Time) bool {
	for time.Now().Before(deadline) {
		if now, err := tr.ask(); err == nil && (now.Status == transmissionFetches || now.Status == transmissionSeeds) {
			return true
		}
		select {
		case <-c.ended:
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false
}

// torrentOfTransmission is what it tells of its torrent.
type torrentOfTransmission struct {
	Status         int
	LeftUntilDone  int64
	UploadedEver   int64
	DownloadedEver int64
	Error          int
	ErrorString    string
}

func (tr *transmission) poll() (standing, error) {
	now, err := tr.ask()
	if err == nil && now.Error != 0 {
		err = errors.New(now.ErrorString)
	}
	return standing{now.Status == transmissionSeeds && now.LeftUntilDone == 0, now.UploadedEver, now.DownloadedEver}, err
}

func (tr *transmission) ask() (torrentOfTransmission, error) {
	var answer struct{ Torrents []torrentOfTransmission }
	err := tr.call("torrent-get", map[string]any{
		"fields": []string{"status", "leftUntilDone", "uploadedEver", "downloadedEver", "error", "errorString"},
	}, &answer)
	if err != nil {
		return torrentOfTransmission{}, err
	}
	if len(answer.Torrents) != 1 {
		return torrentOfTransmission{}, fmt.Errorf("%d torrents", len(answer.Torrents))
	}
	return answer.Torrents[0], nil
}

// call asks for something, once more with the token that the daemon names at first.
func (tr *transmission) call(method string, arguments map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"method": method, "arguments": arguments})
	if err != nil {
		return err
	}
	for range 2 {
		req, err := http.NewRequest(http.MethodPost, "http://127.0.0.1:9091/transmission/rpc", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("X-Transmission-Session-Id", tr.token)
		resp, err := tr.web.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusConflict {
			tr.token = resp.Header.Get("X-Transmission-Session-Id")
			continue
		}
		answer := struct {
			Result    string
			Arguments any
		}{Arguments: into}
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			return err
		}
		if answer.Result != "success" {
			return errors.New(answer.Result)
		}
		return nil
	}
	return errors.New("it takes no token")
}
