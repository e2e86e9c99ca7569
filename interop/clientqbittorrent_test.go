//go:build linux

package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"testing"

	"github.com/etorrent/etorrent/internal/testnet"
)

func needQBittorrent(t *testing.T) {
	t.Helper()
	need(t, "qbittorrent-nox", "qbittorrent-nox", "--version")
}

// qBittorrentConfig takes an address and a port. The web interface is for
// the test, and lets in whoever comes from the host itself.
const qBittorrentConfig = `[BitTorrent]
Session\DHTEnabled=false
Session\LSDEnabled=false
Session\PeXEnabled=false
Session\BTProtocol=TCP
Session\InterfaceAddress=%s
Session\Port=%d
Session\QueueingSystemEnabled=false

[LegalNotice]
Accepted=true

[Network]
PortForwardingEnabled=false

[Preferences]
WebUI\Address=127.0.0.1
WebUI\CSRFProtection=false
WebUI\Enabled=true
WebUI\LocalHostAuth=false
WebUI\Port=8080
WebUI\UseUPnP=false
`

const qBittorrentAPI = "http://127.0.0.1:8080/api/v2/torrents/"

// runQBittorrent starts qBittorrent without a screen, and adds the torrent by its
// web interface.
func runQBittorrent(t *testing.T, at *testnet.Port, j job) *running {
	t.Helper()
	profile, _ := writeIn(t, "profile", "qBittorrent/config/qBittorrent.conf", fmt.Sprintf(qBittorrentConfig, at.Addr(), peerPort))
	c := startOn(t, at.Host, "qBittorrent", j.dir, "qbittorrent-nox", "--profile="+profile, "--webui-port=8080")
	web := caller(at.Host)
	ready(t, c, "to add the torrent", func() error { return qBittorrentAdds(web, j) })
	return &running{child: c, poll: func() (standing, error) {
		var all []struct {
			Left  int64 `json:"amount_left"`
			State string
			Up    int64 `json:"uploaded"`
			Down  int64 `json:"downloaded"`
		}
		if err := getJSON(web, qBittorrentAPI+"info", &all); err != nil {
			return standing{}, err
		}
		if len(all) != 1 {
			return standing{}, fmt.Errorf("%d torrents", len(all))
		}
		now := all[0]
		sharing := now.State == "uploading" || now.State == "stalledUP" || now.State == "forcedUP"
		return standing{sharing && now.Left == 0, now.Up, now.Down}, nil
	}}
}

// qBittorrentAdds adds a torrent, unchecked where its content is complete.
func qBittorrentAdds(web *http.Client, j job) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	raw, err := os.ReadFile(j.torrent)
	if err != nil {
		return err
	}
	part, err := form.CreateFormFile("torrents", "made.torrent")
	if err != nil {
		return err
	}
	if _, err := part.Write(raw); err != nil {
		return err
	}
	fields := map[string]string{"savepath": j.dir, "autoTMM": "false", "contentLayout": "Original"}
	if j.role == roleSeed {
		fields["skip_checking"] = "true"
	}
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			return err
		}
	}
	if err := form.Close(); err != nil {
		return err
	}
	resp, err := web.Post(qBittorrentAPI+"add", form.FormDataContentType(), &body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && string(answer) != "Ok." {
		err = errors.New(resp.Status + ": " + string(answer))
	}
	return err
}

// getJSON reads what an address answers.
func getJSON(web *http.Client, url string, into any) error {
	resp, err := web.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
