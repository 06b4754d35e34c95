// Package resident is about what of the program's own file is in memory.
package resident

import (
	"regexp"
	"strconv"
	"strings"
)

// span is a range of addresses: from start up to end.
type span struct{ start, end uintptr }

// header is the first line of a mapping in /proc/PID/smaps: addresses, rights, offset, device,
// inode, path. Source: https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html
var header = regexp.MustCompile(`^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ +(.*)$`)

// unwritten are the mappings of a program's file, out of /proc/PID/smaps, that nobody may write to
// and nobody has: not the loader, which writes into some before it makes them read-only, and no
// debugger. Their pages are those of the file.
func unwritten(smaps, program string) (spans []span) {
	var last span // zero: of no interest
	for line := range strings.Lines(smaps) {
		line = strings.TrimSuffix(line, "\n")
		if m := header.FindStringSubmatch(line); m != nil {
			last = span{}
			if m[4] == program && !strings.Contains(m[3], "w") {
				last = span{address(m[1]), address(m[2])}
			}
			continue
		}
		if anonymous, ok := strings.CutPrefix(line, "Anonymous:"); ok && strings.TrimSpace(anonymous) == "0 kB" && last != (span{}) {
			spans = append(spans, last)
		}
	}
	return spans
}

// address reads a number that header has found; one that is too large is none of this process.
func address(hex string) uintptr {
	n, _ := strconv.ParseUint(hex, 16, strconv.IntSize)
	return uintptr(n)
}
