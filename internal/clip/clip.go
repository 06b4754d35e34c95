// Package clip fits texts that others wrote, and that may be of any length,
// into the room that a log line, a warning, an answer or an Event has.
package clip

// mark stands for what was cut off.
const mark = "..."

// Text shortens s to at most limit bytes, 3 or more, without cutting a
// character. The beginning stays.
func Text(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len(mark)
	for end > 0 && s[end]&0xC0 == 0x80 {
		end--
	}
	return s[:end] + mark
}
