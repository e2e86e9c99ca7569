// Package pattern reads what people name files of a torrent by: numbers,
// globs with "**", and regular expressions.
package pattern

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Pattern matches files of a torrent.
type Pattern struct {
	text   string
	ranges []span
	re     *regexp.Regexp // of the whole path; nil for numbers
}

// span is a range of file numbers, both ends included.
type span struct{ from, to int }

// Error says why a text is no pattern.
type Error struct {
	Text   string
	Reason string // continues a sentence
}

// Error returns a sentence for people.
func (e *Error) Error() string { return fmt.Sprintf("pattern %q %s", e.Text, e.Reason) }

var numbers = regexp.MustCompile(`^[0-9]+(-[0-9]*)?(,[0-9]+(-[0-9]*)?)*$`)

// Parse reads a pattern: "1,3-5,8-" are numbers, counted from 1; what follows
// "re:" is a regular expression (RE2) that matches anywhere in the path; all
// else is a glob. In a glob "*" and "?" stop at "/", "**" does not, and "[a-z]"
// is a class. A glob without "/" matches names in every folder, one with a "/"
// the whole path, and one that ends in "/" all that the folder holds. The error
// is an *Error.
func Parse(s string) (*Pattern, error) {
	switch {
	case s == "":
		return nil, &Error{s, "is empty"}
	case numbers.MatchString(s):
		return parseNumbers(s)
	case strings.HasPrefix(s, "re:"):
		re, err := regexp.Compile(s[len("re:"):])
		if err != nil {
			return nil, &Error{s, "is no regular expression: " + err.Error()}
		}
		return &Pattern{text: s, re: re}, nil
	}
	re, err := regexp.Compile(globToRegexp(s))
	if err != nil {
		return nil, &Error{s, "is no glob: " + err.Error()}
	}
	return &Pattern{text: s, re: re}, nil
}

func parseNumbers(s string) (*Pattern, error) {
	p := &Pattern{text: s}
	for part := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		to := from
		switch {
		case err == nil && isRange && last == "":
			to = int(^uint(0) >> 1)
		case err == nil && isRange:
			to, err = strconv.Atoi(last)
		}
		if err != nil || from < 1 || to < from {
			return nil, &Error{s, "has a bad number: files count from 1, and a range from its lower end"}
		}
		p.ranges = append(p.ranges, span{from, to})
	}
	return p, nil
}

// globToRegexp translates a glob. A class that is never closed stands for "[".
func globToRegexp(glob string) string {
	var b strings.Builder
	b.WriteString("(?s)^")
	if !strings.Contains(strings.TrimSuffix(glob, "/"), "/") {
		b.WriteString("(?:.*/)?")
	}
	rest := strings.TrimPrefix(glob, "/")
	if strings.HasSuffix(rest, "/") {
		rest += "**"
	}
	for rest != "" {
		n := writeToken(&b, rest)
		rest = rest[n:]
	}
	b.WriteString("$")
	return b.String()
}

// writeToken writes the regular expression of the first token and returns the
// token's length.
func writeToken(b *strings.Builder, rest string) int {
	switch {
	case strings.HasPrefix(rest, "**/"):
		b.WriteString("(?:.*/)?")
		return len("**/")
	case strings.HasPrefix(rest, "**"):
		b.WriteString(".*")
		return len("**")
	case rest[0] == '*':
		b.WriteString("[^/]*")
	case rest[0] == '?':
		b.WriteString("[^/]")
	case rest[0] == '[':
		if end := strings.IndexByte(rest[1:], ']'); end > 0 {
			class := strings.ReplaceAll(rest[1:end+1], `\`, `\\`)
			if class[0] == '!' {
				class = "^/" + class[1:]
			}
			b.WriteString("[" + class + "]")
			return end + 2
		}
		b.WriteString(`\[`)
	default:
		end := strings.IndexAny(rest[1:], "*?[") + 1
		if end == 0 {
			end = len(rest)
		}
		b.WriteString(regexp.QuoteMeta(rest[:end]))
		return end
	}
	return 1
}

// Matches says whether the pattern names the file with a number, from 1 on, and
// a path with slashes.
func (p *Pattern) Matches(number int, file string) bool {
	if p.re == nil {
		for _, s := range p.ranges {
			if number >= s.from && number <= s.to {
				return true
			}
		}
		return false
	}
	return p.re.MatchString(path.Clean(file))
}

// Counts says whether the pattern is one of numbers.
func (p *Pattern) Counts() bool { return p.re == nil }

// String is the pattern as it was given.
func (p *Pattern) String() string { return p.text }
