// Package settings reads configuration files as names with values: "spring:\n  redis:\n
// host: cache" is spring.redis.host with the value cache.
//
// One reader reads YAML, properties, ini, TOML, env files and what is written like them,
// line by line (lines.go), and another one JSON, also where YAML has it (flow.go). Neither
// obeys every rule of a format: files with templates in them, or with mistakes, are read
// as far as they go, in time and memory that grow with the text and not with what aliases
// make of it. Files of other kinds are not read, or only for URLs: format.go.
package settings

import "strings"

// Bounds of one setting. What exceeds them is none that has an address.
const (
	maxName  = 200 // bytes of a name, with those of the keys around it
	maxValue = 1024
	maxDepth = 32 // of keys in keys
)

// Read calls yield with each setting of a file, in their order, until it returns false.
// The file's name tells the format where its ending is known.
func Read(file, text string, yield func(name, value string) bool) {
	switch formatOf(file, text) {
	case ignored:
	case linked:
		readLinks(text, yield)
	case flow:
		f := flowReader{text: text, yield: yield}
		f.value("", 0)
	default:
		r := lineReader{text: text, yield: yield, loose: isLoose(file)}
		r.read()
	}
}

// readLinks finds the URLs of a text that is no list of settings.
func readLinks(text string, yield func(name, value string) bool) {
	for rest := text; ; {
		i := strings.Index(rest, "://")
		if i < 0 {
			return
		}
		start, end := i, i
		for start > 0 && i-start < maxName && !endsLink(rest[start-1]) {
			start--
		}
		for end < len(rest) && !endsLink(rest[end]) {
			end++
		}
		if end-start <= maxValue && !yield("", rest[start:end]) {
			return
		}
		rest = rest[end:]
	}
}

func endsLink(c byte) bool {
	return c <= ' ' || c == '"' || c == '\'' || c == '`' || c == '<' || c == '>' || c == '='
}

// join is the name of a key within others.
func join(outer, key string) string {
	if outer == "" {
		return key
	}
	return outer + "." + key
}
