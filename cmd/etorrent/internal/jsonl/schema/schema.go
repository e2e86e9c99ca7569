// Package schema judges the objects of --json by docs/events.schema.json. It is
// for tests.
package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Schema is a JSON Schema (2020-12) of which the keywords below are used; any
// other is a fault.
type Schema map[string]any

var keywords = []string{
	"$schema", "$ref", "$defs", "title", "description", "format", "type", "const", "enum", "pattern", "minimum", "maximum",
	"properties", "required", "additionalProperties", "items", "oneOf",
}

// Read reads a schema from a file.
func Read(t testing.TB, file string) Schema {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s Schema
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// Alternatives are the names of the definitions that an object may follow.
func (s Schema) Alternatives() []string {
	var out []string
	of, _ := s["oneOf"].([]any)
	for _, x := range of {
		ref, _ := x.(map[string]any)["$ref"].(string)
		out = append(out, strings.TrimPrefix(ref, "#/$defs/"))
	}
	return out
}

// Faults says where an object, decoded from JSON, is not what the schema asks.
// The faults of one that fits no alternative are those of the definition that its
// event names.
func (s Schema) Faults(object map[string]any) []string {
	event, _ := object["event"].(string)
	return append(s.def(event).faults(s, object, event), s.faults(s, object, "object")...)
}

// def is the schema of one definition.
func (s Schema) def(name string) Schema {
	d, _ := s["$defs"].(map[string]any)[name].(map[string]any)
	return d
}

// faults says where v is not what the schema asks. at is the path to v.
func (s Schema) faults(root Schema, v any, at string) []string {
	if ref, is := s["$ref"].(string); is {
		s = root.def(strings.TrimPrefix(ref, "#/$defs/"))
	}
	var out []string
	fault := func(format string, args ...any) { out = append(out, at+": "+fmt.Sprintf(format, args...)) }
	for k := range s {
		if !slices.Contains(keywords, k) {
			fault("the schema has %q, which this test does not know", k)
		}
	}
	if want, is := s["type"]; is && !slices.Contains(typesOf(want), typeOf(v)) && !(typeOf(v) == "integer" && slices.Contains(typesOf(want), "number")) {
		fault("%v is a %s, not %v", v, typeOf(v), want)
	}
	if want, is := s["const"]; is && v != want {
		fault("%v is not %v", v, want)
	}
	if want, is := s["enum"].([]any); is && !slices.Contains(want, v) {
		fault("%v is none of %v", v, want)
	}
	switch v := v.(type) {
	case string:
		if p, is := s["pattern"].(string); is && !regexp.MustCompile(p).MatchString(v) {
			fault("%q does not match %s", v, p)
		}
	case float64:
		if low, is := s["minimum"].(float64); is && v < low {
			fault("%v is below %v", v, low)
		}
		if high, is := s["maximum"].(float64); is && v > high {
			fault("%v is above %v", v, high)
		}
	case []any:
		if items, is := s["items"].(map[string]any); is {
			for i, x := range v {
				out = append(out, Schema(items).faults(root, x, fmt.Sprintf("%s[%d]", at, i))...)
			}
		}
	case map[string]any:
		out = append(out, s.objectFaults(root, v, at)...)
	}
	return out
}

func (s Schema) objectFaults(root Schema, v map[string]any, at string) []string {
	var out []string
	properties, _ := s["properties"].(map[string]any)
	for k, x := range v {
		if p, known := properties[k].(map[string]any); known {
			out = append(out, Schema(p).faults(root, x, at+"."+k)...)
		} else if s["additionalProperties"] == false {
			out = append(out, at+": has "+k)
		}
	}
	required, _ := s["required"].([]any)
	for _, k := range required {
		if _, has := v[k.(string)]; !has {
			out = append(out, at+": lacks "+k.(string))
		}
	}
	if of, is := s["oneOf"].([]any); is {
		fits := 0
		for _, x := range of {
			if len(Schema(x.(map[string]any)).faults(root, v, at)) == 0 {
				fits++
			}
		}
		if fits != 1 {
			out = append(out, fmt.Sprintf("%s: fits %d of the alternatives", at, fits))
		}
	}
	return out
}

func typesOf(v any) []string {
	if one, is := v.(string); is {
		return []string{one}
	}
	var out []string
	for _, x := range v.([]any) {
		out = append(out, x.(string))
	}
	return out
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
	}
	return "number"
}
