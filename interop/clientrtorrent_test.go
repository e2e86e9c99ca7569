//go:build linux

package interop

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
)

func needRTorrent(t *testing.T) {
	t.Helper()
	need(t, "rtorrent", "rtorrent", "-h")
}

// rTorrentConfig takes folders for content and state, address and port, and
// the socket by which the test asks.
const rTorrentConfig = `directory.default.set = %s
session.path.set = %s
network.bind_address.set = %s
network.port_range.set = %[4]d-%[4]d
network.port_random.set = no
network.scgi.open_local = %s
dht.mode.set = disable
protocol.pex.set = no
trackers.use_udp.set = yes
system.daemon.set = true
`

// runRTorrent starts rTorrent without a screen. It checks what lies there itself.
func runRTorrent(t *testing.T, at *testnet.Port, j job) *running {
	t.Helper()
	r, _ := runRTorrentWith(t, at, j, "")
	return r
}

// runRTorrentWith starts it with more of a configuration, and returns its socket too.
func runRTorrentWith(t *testing.T, at *testnet.Port, j job, more string) (*running, string) {
	t.Helper()
	session := folder(t, "session")
	socket := filepath.Join(session, "scgi")
	_, config := writeIn(t, "config", "rtorrent.rc",
		fmt.Sprintf(rTorrentConfig, j.dir, session, at.Addr(), peerPort, socket)+more)
	c := startOn(t, at.Host, "rTorrent", j.dir, "rtorrent", "-n", "-o", "import="+config)
	ready(t, c, "to add the torrent", func() error {
		_, err := scgi(socket, "load.start", "", j.torrent)
		return err
	})
	return &running{child: c, poll: func() (standing, error) {
		values, err := scgi(socket, "d.multicall2", "", "main", "d.complete=", "d.is_active=", "d.hashing=", "d.up.total=", "d.completed_bytes=", "d.message=")
		if err != nil {
			return standing{}, err
		}
		if len(values) < 6 {
			return standing{}, fmt.Errorf("no torrent, but %q", values)
		}
		var s standing
		s.done = values[0] == "1" && values[1] == "1" && values[2] == "0"
		if s.up, err = strconv.ParseInt(values[3], 10, 64); err != nil {
			return s, err
		}
		s.down, err = strconv.ParseInt(values[4], 10, 64)
		if err == nil && values[5] != "" {
			err = errors.New(values[5])
		}
		return s, err
	}}, socket
}

// scgi calls a method of XML-RPC whose parameters are texts, and returns the plain
// values of the answer in their order.
func scgi(socket, method string, params ...string) ([]string, error) {
	var body bytes.Buffer
	fmt.Fprintf(&body, "<?xml version=\"1.0\"?><methodCall><methodName>%s</methodName><params>", method)
	for _, p := range params {
		body.WriteString("<param><value><string>")
		_ = xml.EscapeText(&body, []byte(p))
		body.WriteString("</string></value></param>")
	}
	body.WriteString("</params></methodCall>")
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	head := fmt.Sprintf("CONTENT_LENGTH\x00%d\x00SCGI\x001\x00", body.Len())
	if _, err := fmt.Fprintf(conn, "%d:%s,%s", len(head), head, body.String()); err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return nil, err
	}
	_, document, _ := strings.Cut(string(answer), "\r\n\r\n")
	if strings.Contains(document, "<fault>") {
		return nil, errors.New(document)
	}
	return plainValues(document)
}

// plainValues are the texts of all strings and numbers in a document.
func plainValues(document string) ([]string, error) {
	var out []string
	d := xml.NewDecoder(strings.NewReader(document))
	var text strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			text.Reset()
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			switch token.Name.Local {
			case "string", "i4", "i8", "int":
				out = append(out, text.String())
			}
		}
	}
}
