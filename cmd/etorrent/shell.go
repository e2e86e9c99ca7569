package main

import (
	"path/filepath"
	"regexp"
	"strings"
)

var unquoted = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./\\-]+$`)

// quote writes a word so that a shell reads it as it is.
func quote(goos, word string) string {
	switch {
	case goos == "windows":
		if unquoted.MatchString(word) {
			return word
		}
		return `"` + word + `"`
	case unquoted.MatchString(word) && !strings.Contains(word, `\`):
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// command writes a command line that a person can paste.
func command(goos string, words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(goos, w)
	}
	return strings.Join(quoted, " ")
}

// typedAgain is the command line that was typed, by the program's short name.
func typedAgain(h *host) string {
	words := append([]string{}, h.typed...)
	if len(words) > 0 {
		words[0] = strings.TrimSuffix(filepath.Base(words[0]), ".exe")
	}
	return command(h.goos, words...)
}
