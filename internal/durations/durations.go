// Package durations reads durations as people write them, "2 days",
// "1 hour, 30 minutes" or ISO 8601's "PT48H", so that a message can say how to
// write what was meant. What counts as a duration is up to others: rules files
// and Istio have a grammar each.
package durations

import (
	"regexp"
	"strings"
	"time"
)

// Part is a number with its unit.
type Part struct {
	Number string        // decimal, without sign
	Unit   string        // "ns", "us", "ms", "s", "m", "h", "d" or "w"; empty if there is none
	Length time.Duration // of the unit; without one a second
}

var units = []struct {
	length time.Duration
	names  []string // the first is for Part.Unit
}{
	{time.Second, []string{""}},
	{time.Nanosecond, []string{"ns"}},
	{time.Microsecond, []string{"us", "\u00b5s", "\u03bcs"}},
	{time.Millisecond, []string{"ms", "msec", "msecs", "millis", "millisecond", "milliseconds"}},
	{time.Second, []string{"s", "sec", "secs", "second", "seconds"}},
	{time.Minute, []string{"m", "min", "mins", "minute", "minutes"}},
	{time.Hour, []string{"h", "hr", "hrs", "hour", "hours"}},
	{24 * time.Hour, []string{"d", "day", "days"}},
	{7 * 24 * time.Hour, []string{"w", "week", "weeks"}},
}

var byName = func() map[string]Part {
	parts := map[string]Part{}
	for _, u := range units {
		for _, name := range u.names {
			parts[name] = Part{Unit: u.names[0], Length: u.length}
		}
	}
	return parts
}()

// part is one number with or without a unit, and what joins it to the one
// before.
var part = regexp.MustCompile(`^(?:[\s,]|and\s)*([0-9]+(?:\.[0-9]*)?)\s*([a-z\x{b5}\x{3bc}]*)\s*`)

// maxLength is the longest text that anybody means for a duration.
const maxLength = 64

// Read splits a text into its parts. It returns none if the text reads like no
// duration, or has a sign.
func Read(text string) (parts []Part) {
	if len(text) > maxLength {
		return nil
	}
	rest := strings.ToLower(strings.TrimSpace(text))
	if iso, ok := strings.CutPrefix(rest, "p"); ok {
		rest = strings.Replace(iso, "t", "", 1)
	}
	for rest != "" {
		found := part.FindStringSubmatch(rest)
		if found == nil {
			return nil
		}
		p, ok := byName[found[2]]
		if !ok {
			return nil
		}
		p.Number = found[1]
		parts = append(parts, p)
		rest = rest[len(found[0]):]
	}
	return parts
}
