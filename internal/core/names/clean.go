package names

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/etorrent/etorrent/internal/vocab/text"
)

// replacement stands for what a component may not have.
const replacement = '_'

// clean returns a component that the platform takes, and what it took to get
// there. The component is empty where nothing is usable.
func (r *Rules) clean(raw string) (string, Causes) {
	if raw == "" || raw == "." || raw == ".." {
		return "", CausesOf(ComponentDropped)
	}
	name, causes := r.replace(raw)
	if cut := r.cutEnd(name); cut != name {
		name, causes = cut, causes.With(EndCut)
	}
	if r.isDevice(name) {
		name, causes = string(replacement)+name, causes.With(DeviceAvoided)
	}
	if len(name) > r.Component {
		stem, ext := split(name)
		name, causes = r.fit(stem, ext, 0), causes.With(Shortened)
	}
	if name == "" {
		return "", causes.With(ComponentDropped)
	}
	return name, causes
}

// replace puts the replacement where bytes are no UTF-8 or runes not allowed.
func (r *Rules) replace(raw string) (string, Causes) {
	var causes Causes
	for i, c := range raw {
		if cause := r.judge(raw[i:], c); cause < causeCount {
			causes = causes.With(cause)
		}
	}
	if causes == 0 {
		return raw, 0
	}
	var b strings.Builder
	for i, c := range raw {
		if r.judge(raw[i:], c) < causeCount {
			c = replacement
		}
		b.WriteRune(c)
	}
	return b.String(), causes
}

// judge returns why the rune c at the begin of rest must go, causeCount if it
// may stay.
func (r *Rules) judge(rest string, c rune) Cause {
	if c == utf8.RuneError {
		if _, size := utf8.DecodeRuneInString(rest); size == 1 {
			return EncodingReplaced
		}
	}
	if c == '/' || text.ClassOf(c) != text.Plain || strings.ContainsRune(r.Forbidden, c) {
		return RuneReplaced
	}
	return causeCount
}

func (r *Rules) cutEnd(name string) string { return strings.TrimRight(name, r.Ending) }

// isDevice says whether the name, up to its first dot, is a device's. Windows
// looks past spaces there.
func (r *Rules) isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	return slices.Contains(r.Devices, strings.ToUpper(strings.TrimRight(stem, " ")))
}

// longestExtension is the most bytes, with the dot, of what counts as one.
const longestExtension = 16

// split parts a name before its extension, if it has one.
func split(name string) (stem, ext string) {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 || len(name)-dot > longestExtension {
		return name, ""
	}
	return name[:dot], name[dot:]
}

// fit joins a stem, cut as needed, and an extension so that room bytes are left
// below the limit.
func (r *Rules) fit(stem, ext string, room int) string {
	end := min(len(stem), r.Component-len(ext)-room)
	for end < len(stem) && end > 0 && !utf8.RuneStart(stem[end]) {
		end--
	}
	if ext == "" {
		return r.cutEnd(stem[:end])
	}
	return stem[:end] + ext
}
