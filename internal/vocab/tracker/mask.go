package tracker

import (
	"strings"
)

const (
	// mask stands for what may be a key.
	mask = "***"
	// leastSecret is how many bytes a part must have before it is looked for in a
	// text: what is shorter stands in texts by chance.
	leastSecret = 6
	// longestWord is the most letters that a part may have and still be a word.
	longestWord = 12
	// leastKeyLabel is how long a part of a host's name is that may be a key.
	leastKeyLabel = 16
)

// String is the URL for people and logs: what may be a passkey is masked. Those
// are the elements of the path that are no words, all values of the query, the
// user and his password, and long parts of the host's name with digits.
func (u URL) String() string {
	if u.host == "" {
		return ""
	}
	text := u.scheme.String() + "://"
	if u.user != "" {
		text += mask + "@"
	}
	text += u.withPort(u.maskedHost()) + maskedPath(u.path)
	if u.query == "" {
		return text
	}
	return text + "?" + maskedQuery(u.query)
}

// GoString is String, so that no verb of fmt prints a passkey.
func (u URL) GoString() string { return u.String() }

// MarshalText is String, so that no encoder of a log writes a passkey.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

func (u URL) maskedHost() string {
	if strings.Contains(u.host, ":") {
		return u.host
	}
	labels := strings.Split(u.host, ".")
	for i, label := range labels {
		if isKeyLabel(label) {
			labels[i] = mask
		}
	}
	return strings.Join(labels, ".")
}

func isKeyLabel(label string) bool {
	return len(label) >= leastKeyLabel && strings.ContainsAny(label, "0123456789") && !strings.HasPrefix(label, "xn--")
}

func maskedPath(path string) string {
	elements := strings.Split(path, "/")
	for i, element := range elements {
		elements[i] = maskedWord(element)
	}
	return strings.Join(elements, "/")
}

// maskedQuery masks every value. What has no value may be a key itself.
func maskedQuery(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		pairs[i] = maskedWord(name)
		if len(name) < len(pair) {
			pairs[i] += "=" + mask
		}
	}
	return strings.Join(pairs, "&")
}

func maskedWord(s string) string {
	if isWord(s) {
		return s
	}
	return mask
}

// isWord says whether s is made of words, as announce.php and tracker_id are.
func isWord(s string) bool {
	isBreak := func(r rune) bool { return strings.ContainsRune(".-_", r) }
	for part := range strings.FieldsFuncSeq(s, isBreak) {
		if !isPlainPart(part) {
			return false
		}
	}
	return len(s) <= 2*longestWord
}

// isPlainPart says whether s is a word of letters in one case, of which the first
// may be a capital, or too short to be a key.
func isPlainPart(s string) bool {
	if len(s) <= 4 {
		return strings.Trim(s, letters+capitals+"0123456789") == ""
	}
	return len(s) <= longestWord &&
		(strings.Trim(s[1:], letters) == "" && strings.Trim(s[:1], letters+capitals) == "" || strings.Trim(s, capitals) == "")
}

const (
	letters  = "abcdefghijklmnopqrstuvwxyz"
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// Scrub masks in a text of others, such as a tracker's message or an error of a
// library that tells the URL, what String masks in the URL.
func (u URL) Scrub(text string) string {
	for _, secret := range u.secrets() {
		text = strings.ReplaceAll(text, secret, mask)
	}
	return text
}

// secrets are the parts that String masks, but those too short to be told from
// what stands in a text by chance.
func (u URL) secrets() []string {
	var all []string
	add := func(s string) {
		if len(s) >= leastSecret {
			all = append(all, s)
		}
	}
	if u.user != "" {
		_, password, _ := strings.Cut(u.user, ":")
		add(u.user)
		add(password)
	}
	for label := range strings.SplitSeq(u.host, ".") {
		if isKeyLabel(label) {
			add(label)
		}
	}
	for element := range strings.SplitSeq(u.path, "/") {
		if !isWord(element) {
			add(element)
		}
	}
	for pair := range strings.SplitSeq(u.query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		add(value)
		if !isWord(name) {
			add(name)
		}
	}
	return all
}
