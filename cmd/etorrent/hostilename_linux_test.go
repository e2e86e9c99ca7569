package main

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen/terminal"
	"github.com/etorrent/etorrent/metainfo"
)

// A name may do nothing to a terminal: clear it, turn its text around, wrap, or pile
// marks up; nor may it when the terminal is resized meanwhile.
func TestHostileNamesAreSafeOnATerminalThatIsResized(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"\x1b[2J\x1b[Hgone\x1b]0;title\a", "\u202egnp.exe\u202c", strings.Repeat("象", 80), "e" + strings.Repeat("\u0301", 110),
		strings.Repeat("long ", 45) + "end", "a\r\nb\u2028c\u0085d", "\xff\xfe",
	} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var info bytes.Buffer
			sum := sha1.Sum(nil)
			fmt.Fprintf(&info, "d4:infod6:lengthi5e4:name%d:%s12:piece lengthi16384e6:pieces20:%see", len(name), name, sum[:])
			if _, err := metainfo.Parse(info.Bytes()); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "hostile.torrent"), info.String())
			p := openPTY(t, 120, 24)
			cmd := program(t, dir, "get", "hostile.torrent", "--state", "s", "--listen", "127.0.0.1:0")
			cmd.Env = append(cmd.Env, "TERM=xterm")
			p.start(cmd)
			shows, wraps := terminal.New(120, 24), 0
			for _, columns := range []int{120, 40, 80} {
				p.resize(uint16(columns), 24)
				shows.Resize(columns)
				for frames := 0; frames < 2; {
					piece := p.read()
					if _, err := shows.Write(piece); err != nil {
						t.Fatalf("%v: %q", err, piece)
					}
					frames += strings.Count(string(piece), "piece stored")
				}
				screen := strings.Join(shows.Screen(), "\n")
				if n := strings.Count(screen, "piece stored"); n != 1 || shows.Wraps > wraps && columns != 120 || shows.Blinks > 0 {
					t.Errorf("%d columns: %d frames, %d wraps, %d blinks:\n%s", columns, n, shows.Wraps-wraps, shows.Blinks, screen)
				}
				wraps = shows.Wraps // what is no frame may wrap
			}
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
		})
	}
}
