package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// cast is a recording of some writes, a second apart.
func cast(writes ...string) string {
	var b strings.Builder
	b.WriteString(`{"version":2,"width":12,"height":3}` + "\n")
	for i, w := range writes {
		b.WriteString("[" + string(rune('0'+i)) + `.0,"o","` + w + "\"]\n")
	}
	return b.String()
}

func rowsOf(s still) string {
	var rows []string
	for _, row := range s.rows {
		line := ""
		for _, c := range row {
			line += string(c.r)
		}
		rows = append(rows, line)
	}
	return strings.Join(rows, "|")
}

func TestAFrameIsDrawnOverTheOneBefore(t *testing.T) {
	_, _, stills, err := read(strings.NewReader(cast(
		`title\r\n`, `one\r\ntwo\r\n`, `\u001b[2A\r\u001b[J`, `\u001b[32mthree\u001b[0m\r\n`)))
	if err != nil || len(stills) != 3 {
		t.Fatalf("%d stills: %v", len(stills), err)
	}
	// The second line's end scrolled the title away, and two lines up is the top.
	if got := rowsOf(stills[0]); got != "one|two|" {
		t.Errorf("%q", got)
	}
	if got := rowsOf(stills[2]); got != "three||" || stills[2].rows[0][0].sgr != "32" {
		t.Errorf("%q %+v", got, stills[2].rows[0][0])
	}
}

func TestALongLineGoesOnInTheNextRow(t *testing.T) {
	_, _, stills, err := read(strings.NewReader(cast(`0123456789abcd`)))
	if got := rowsOf(stills[0]); err != nil || got != "0123456789ab|cd|" {
		t.Errorf("%q %v", got, err)
	}
}

func TestThePictureIsXMLAndKeepsTheWords(t *testing.T) {
	w, h, stills, err := read(strings.NewReader(cast(`a<b & \u001b[31mred\u001b[0m`, ``, ``)))
	if err != nil {
		t.Fatal(err)
	}
	svg, words, drawn := picture(w, h, stills), "", 0
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
		switch x := token.(type) {
		case xml.CharData:
			words += string(x)
		case xml.StartElement:
			if x.Name.Local == "text" {
				drawn++
			}
		}
	}
	if !strings.Contains(words, "a<b & red") || drawn != len(stills) {
		t.Errorf("%d of %d stills in\n%s", drawn, len(stills), svg)
	}
}

func TestWhatIsNoCastIsRefused(t *testing.T) {
	for _, text := range []string{"", "x", `{"version":1,"width":1,"height":1}`, cast() + "x\n", cast() + "[1]\n"} {
		if _, _, _, err := read(strings.NewReader(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
