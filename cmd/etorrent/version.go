package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
)

func newVersion(s *session) *cobra.Command {
	var f outputFlags
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			s.out = newOutput(s.host, f)
			if s.out.json != nil {
				s.out.tell(&jsonl.Version{
					Version: etorrent.Version, Revision: strings.TrimSpace(revision()), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
				})
				return nil
			}
			_, err := fmt.Fprintf(s.host.stdout, "etorrent %s%s (%s, %s/%s)\n",
				etorrent.Version, revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	c.Flags().BoolVar(&f.json, "json", false, "tell programs: one JSON object a line on stdout")
	return c
}

// revision names the commit that the program was built from, if it is known.
func revision() string {
	info, known := debug.ReadBuildInfo()
	if !known {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return " " + s.Value[:12]
		}
	}
	return ""
}
