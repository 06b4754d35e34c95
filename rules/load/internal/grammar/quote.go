package grammar

import (
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/clip"
)

// Clipped fits a text of the file into a message.
func Clipped(s string) string { return clip.Text(s, 63) }

// Show quotes a text for a message.
func Show(s string) string { return strconv.Quote(Clipped(s)) }

// ShowWhole is show without the cut, for texts that are to be copied.
func ShowWhole(s string) string {
	if len(s) > 200 {
		return Show(s)
	}
	return strconv.Quote(s)
}

// OrList joins words for a sentence: "A, B or C".
func OrList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
