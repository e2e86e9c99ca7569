package jsonl_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// schema is a JSON Schema (2020-12) of which the keywords below are used; any
// other makes the test fail.
type schema map[string]any

var keywords = []string{
	"$schema", "$ref", "$defs", "title", "description", "format", "type", "const", "enum", "pattern", "minimum", "maximum",
	"properties", "required", "additionalProperties", "items", "oneOf",
}

func readSchema(t *testing.T) schema {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "events.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// def is the schema of one definition.
func (s schema) def(name string) schema {
	d, _ := s["$defs"].(map[string]any)[name].(map[string]any)
	return d
}

// faults says where v is not what the schema asks. at is the path to v.
func (s schema) faults(root schema, v any, at string) []string {
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
				out = append(out, schema(items).faults(root, x, fmt.Sprintf("%s[%d]", at, i))...)
			}
		}
	case map[string]any:
		out = append(out, s.objectFaults(root, v, at)...)
	}
	return out
}

func (s schema) objectFaults(root schema, v map[string]any, at string) []string {
	var out []string
	properties, _ := s["properties"].(map[string]any)
	for k, x := range v {
		if p, known := properties[k].(map[string]any); known {
			out = append(out, schema(p).faults(root, x, at+"."+k)...)
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
			if len(schema(x.(map[string]any)).faults(root, v, at)) == 0 {
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
