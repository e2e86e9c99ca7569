package knife

import (
	"fmt"
	"strconv"
	"strings"
)

// call is one system call as strace -f -y -xx tells it. Begin and End are the
// numbers of the lines on which it was entered and left: equal unless another
// thread did something in between.
type call struct {
	begin, end int
	name       string
	args       []string
	result     string // what stands behind "= "
}

// splitter joins the halves of interrupted calls.
type splitter struct {
	pending map[string]call // by process id: the text is in name
}

// line takes a line and returns a call that it completes.
func (s *splitter) line(n int, line string) (c call, complete bool, err error) {
	pid, rest, found := strings.Cut(line, " ")
	if !found {
		return call{}, false, fmt.Errorf("line %d has no process", n)
	}
	rest = strings.TrimSpace(rest)
	switch {
	case strings.HasPrefix(rest, "---"), strings.HasPrefix(rest, "+++"):
		return call{}, false, nil
	case strings.HasSuffix(rest, "<unfinished ...>"):
		s.pending[pid] = call{begin: n, name: strings.TrimSuffix(rest, "<unfinished ...>")}
		return call{}, false, nil
	case strings.HasPrefix(rest, "<... "):
		half, was := s.pending[pid]
		_, tail, resumed := strings.Cut(rest, "resumed>")
		if !was || !resumed {
			return call{}, false, fmt.Errorf("line %d goes on with nothing", n)
		}
		delete(s.pending, pid)
		c, err = parseCall(half.name + tail)
		c.begin = half.begin
	default:
		c, err = parseCall(rest)
		c.begin = n
	}
	c.end = n
	if err != nil {
		return call{}, false, fmt.Errorf("line %d: %w", n, err)
	}
	return c, true, nil
}

// parseCall takes NAME(ARGS) = RESULT apart.
func parseCall(text string) (call, error) {
	name, rest, found := strings.Cut(text, "(")
	if !found {
		return call{}, fmt.Errorf("%.60q is no call", text)
	}
	args, rest, err := splitArgs(rest)
	if err != nil {
		return call{}, err
	}
	_, result, found := strings.Cut(rest, "= ")
	if !found {
		return call{}, fmt.Errorf("%s has no result", name)
	}
	return call{name: name, args: args, result: strings.TrimSpace(result)}, nil
}

// splitArgs splits at the commas that stand in no bracket and no string, up to
// the bracket that ends the call.
func splitArgs(text string) (args []string, rest string, err error) {
	depth, from, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case quoted:
			switch b {
			case '\\':
				i++
			case '"':
				quoted = false
			}
		case b == '"':
			quoted = true
		case strings.IndexByte("([{<", b) >= 0:
			depth++
		case b == ')' && depth == 0:
			if from < i || len(args) > 0 {
				args = append(args, strings.TrimSpace(text[from:i]))
			}
			return args, text[i+1:], nil
		case strings.IndexByte(")]}>", b) >= 0:
			depth--
		case b == ',' && depth == 0:
			args = append(args, strings.TrimSpace(text[from:i]))
			from = i + 1
		}
	}
	return nil, "", fmt.Errorf("%.60q does not end", text)
}

// text is the bytes of a string argument, which strace writes as \xHH.
func text(arg string) (string, error) {
	inner, found := strings.CutPrefix(arg, `"`)
	if !found || !strings.HasSuffix(inner, `"`) || len(arg) < 2 {
		return "", fmt.Errorf("%.60q is no whole string", arg)
	}
	return unescape(strings.TrimSuffix(inner, `"`))
}

func unescape(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	out := make([]byte, 0, len(s)/4)
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		if i+3 >= len(s) || s[i+1] != 'x' {
			return "", fmt.Errorf("%.60q has an escape that is not \\xHH", s[i:])
		}
		b, err := strconv.ParseUint(s[i+2:i+4], 16, 8)
		if err != nil {
			return "", err
		}
		out = append(out, byte(b))
		i += 3
	}
	return string(out), nil
}

// descriptor is what strace -y writes for one: its number and its path.
func descriptor(arg string) (number int, path string, err error) {
	digits, rest, _ := strings.Cut(arg, "<")
	if digits == "AT_FDCWD" {
		digits = "-1"
	}
	if number, err = strconv.Atoi(digits); err != nil {
		return 0, "", fmt.Errorf("%.60q is no descriptor", arg)
	}
	end := strings.LastIndexByte(rest, '>')
	if end < 0 {
		return number, "", nil
	}
	path, err = unescape(rest[:end])
	if rest[end+1:] == "(deleted)" {
		path += " (deleted)" // what lies there now is another file
	}
	return number, path, err
}
