package pieces

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-mesh/holdfast/internal/jsonscan"
)

// findInJSON returns what find does of a text that is JSON, if each item, and what comes behind
// the list, begins a line.
func findInJSON(text []byte) (items []item) {
	if !jsontext.Value(text).IsValid() {
		return nil
	}
	s := jsonscan.New(string(text))
	var offsets []int // where items begin, and behind them where the list ends
	for name := range s.Members {
		if name != "rules" {
			s.Skip()
			continue
		}
		end := 0
		for range s.Items {
			offsets = append(offsets, s.Offset())
			s.Skip()
			end = s.Offset()
		}
		offsets = append(offsets, end)
	}
	if s.Failed() {
		return nil
	}
	at := item{0, 1}
	for _, offset := range offsets {
		begin := 1 + bytes.LastIndexByte(text[:offset], '\n')
		if begin <= at.offset || len(bytes.TrimLeft(text[begin:offset], " \t\r")) > 0 {
			return nil
		}
		at = item{begin, at.line + bytes.Count(text[at.offset:begin], []byte("\n"))}
		items = append(items, at)
	}
	return items
}
