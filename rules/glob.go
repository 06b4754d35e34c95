package rules

import "strings"

// MatchGlob reports whether a text is meant by a glob in which "*" stands for
// any characters, also none. It takes the shortest match for every "*" but the
// last, which is enough because "*" is the only wildcard; so it is never
// exponential.
func MatchGlob(glob, text string) bool {
	first, rest, found := strings.Cut(glob, "*")
	if !found {
		return glob == text
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	for {
		var piece string
		piece, rest, found = strings.Cut(rest, "*")
		if !found {
			return strings.HasSuffix(text, piece)
		}
		i := strings.Index(text, piece)
		if i < 0 {
			return false
		}
		text = text[i+len(piece):]
	}
}

// MatchHost reports whether a name, in lower case and without a final dot, is
// meant by a host glob. "*." at the start stands for one or more labels; a "*"
// elsewhere stands for any characters of one label.
func MatchHost(glob, name string) bool {
	if !strings.Contains(glob, "*") {
		return glob == name
	}
	for {
		globEnd, nameEnd := strings.LastIndexByte(glob, '.'), strings.LastIndexByte(name, '.')
		if globEnd < 0 {
			// "*" alone takes what is left; "redis-*" wants one label.
			return name != "" && (glob == "*" || nameEnd < 0 && MatchGlob(glob, name))
		}
		if nameEnd < 0 || !MatchGlob(glob[globEnd+1:], name[nameEnd+1:]) {
			return false
		}
		glob, name = glob[:globEnd], name[:nameEnd]
	}
}

// HostSuffix returns what every name that the glob means ends with: the labels
// after the last one with a "*". It is "" if that is the last label.
func HostSuffix(glob string) string {
	after := glob[strings.LastIndexByte(glob, '*')+1:]
	_, suffix, _ := strings.Cut(after, ".")
	return suffix
}
