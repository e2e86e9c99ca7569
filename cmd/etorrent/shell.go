package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/etorrent/etorrent/internal/vocab/tracker"
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

// typedAgain is the command line that was typed, by the program's short name. What may
// be the passkey of a tracker is masked: such a line is shown to others.
func typedAgain(h *host) string {
	words := maskURLs(h.typed)
	if len(words) > 0 {
		words[0] = strings.TrimSuffix(filepath.Base(words[0]), ".exe")
	}
	line := command(h.goos, words...)
	if !slices.Equal(words[min(1, len(words)):], h.typed[min(1, len(words)):]) {
		line += wholeURLs
	}
	return line
}

// maskURLs masks the URLs of --tracker, and those that are sources.
func maskURLs(typed []string) []string {
	const flag = "--tracker"
	words := append([]string{}, typed...)
	for i, w := range words {
		if value, is := strings.CutPrefix(w, flag+"="); is {
			words[i] = flag + "=" + maskedTier(value)
		} else if i > 0 && words[i-1] == flag {
			words[i] = maskedTier(w)
		} else {
			words[i] = maskedWord(w)
		}
	}
	return words
}

func maskedTier(urls string) string {
	var out []string
	for url := range strings.SplitSeq(urls, ",") {
		out = append(out, maskedURL(strings.TrimSpace(url)))
	}
	return strings.Join(out, ",")
}

// maskedWord is a word of the command line as others may see it.
func maskedWord(word string) string {
	if isWebURL(word) {
		return maskedURL(word)
	}
	return word
}

// maskedURL is a URL without what may be a passkey.
func maskedURL(url string) string {
	switch e := tracker.ViewURL(url).(type) {
	case tracker.URLUsable:
		return e.URL.String()
	case tracker.URLLocal:
		return e.URL.String()
	case tracker.URLMalformed:
	}
	return "URL"
}
