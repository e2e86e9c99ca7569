//go:build linux

package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// libutpParts are libutp's files that are compiled.
var libutpParts = []string{"internal", "utils", "hash", "callbacks", "api", "packedsockaddr"}

// buildLibutp compiles interop/libutp/peer with libutp as it is shipped, into the lab's
// folder. It reads by recvfrom and writes by sendto, a call for each datagram, as libutp's
// own program ucat does.
func (l *lab) buildLibutp(ctx context.Context) error {
	root, err := said(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/etorrent/etorrent")
	if err != nil {
		return err
	}
	source, err := said(ctx, filepath.Join(root, "scripts", "libutp.sh"))
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(root, "interop", "libutp", "peer", "*.cpp"))
	if err != nil {
		return err
	}
	for _, part := range libutpParts {
		files = append(files, filepath.Join(source, "utp_"+part+".cpp"))
	}
	program := filepath.Join(l.work, "libutp")
	flags := []string{"-O2", "-DNDEBUG", "-DPOSIX", "-fno-strict-aliasing", "-w", "-I" + source, "-o", program}
	if _, err := said(ctx, "g++", append(flags, files...)...); err != nil {
		return err
	}
	l.libutp = program
	return nil
}

// needsLibutp compiles it once.
func needsLibutp(l *lab) error {
	if l.libutp == "" && l.absent[libutpTool] == nil {
		l.absent[libutpTool] = l.buildLibutp(context.Background())
	}
	return needs(libutpTool)(l)
}

// said is what a program printed.
func said(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
