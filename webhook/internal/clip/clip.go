// Package clip fits texts into the room that a log line, a warning or an Event
// has.
package clip

// Text shortens s to at most limit bytes, 3 or more, without cutting a character.
func Text(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const mark = "..."
	end := limit - len(mark)
	for end > 0 && s[end]&0xC0 == 0x80 {
		end--
	}
	return s[:end] + mark
}
