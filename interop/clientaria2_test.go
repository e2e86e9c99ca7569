//go:build linux

package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/etorrent/etorrent/internal/testnet"
)

// runAria2Client starts aria2, which goes on sharing what it has. Its RPC is for the
// test.
func runAria2Client(t *testing.T, at *testnet.Port, j job) *running {
	t.Helper()
	args := []string{
		// Without DHT it asks no tracker over UDP. It knows no node, and none is there.
		"aria2c", "--no-conf", "--enable-dht=true", "--dht-listen-port=" + strconv.Itoa(peerPort), "--dht-file-path=" + filepath.Join(folder(t, "dht"), "nodes"),
		"--enable-dht6=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false",
		"--listen-port=" + strconv.Itoa(peerPort), "--dir=" + j.dir, "--file-allocation=none", "--seed-ratio=0.0",
		"--enable-rpc", "--rpc-listen-port=6800",
		"--summary-interval=0", "--console-log-level=notice", "--download-result=hide",
	}
	if j.role == roleSeed {
		args = append(args, "--bt-seed-unverified=true")
	}
	c := startOn(t, at.Host, "aria2", j.dir, append(args, j.torrent)...)
	web := caller(at.Host)
	return &running{child: c, poll: func() (standing, error) { return aria2Standing(web) }}
}

func aria2Standing(web *http.Client) (standing, error) {
	body := `{"jsonrpc":"2.0","id":"","method":"aria2.tellActive","params":[]}`
	resp, err := web.Post("http://127.0.0.1:6800/jsonrpc", "application/json", bytes.NewBufferString(body))
	if err != nil {
		return standing{}, err
	}
	defer resp.Body.Close()
	var answer struct {
		Result []struct {
			Seeder          string
			TotalLength     string
			CompletedLength string
			UploadLength    string
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return standing{}, err
	}
	if len(answer.Result) != 1 {
		return standing{}, fmt.Errorf("%d active downloads", len(answer.Result))
	}
	now := answer.Result[0]
	s := standing{done: now.Seeder == "true" && now.CompletedLength == now.TotalLength}
	if s.up, err = strconv.ParseInt(now.UploadLength, 10, 64); err != nil {
		return s, err
	}
	s.down, err = strconv.ParseInt(now.CompletedLength, 10, 64)
	return s, err
}
