package yamltext

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// quoting is how a scalar is written.
type quoting int

const (
	plainIfSafe  quoting = iota // plain where every reader takes it for a string
	singleQuotes                // unless it needs escapes
	doubleQuotes
	jsonQuotes
)

// quotingOf returns the style in which a neighbour is written.
func quotingOf(n *yaml.Node) quoting {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return doubleQuotes
	case n.Style&yaml.SingleQuotedStyle != 0:
		return singleQuotes
	}
	return plainIfSafe
}

// write returns a scalar on one line.
func (q quoting) write(value string) string {
	switch {
	case q == jsonQuotes:
		return jsonString(value)
	case !isPrintable(value):
		return escaped(value)
	case q == plainIfSafe && IsSafePlain(value):
		return value
	case q == singleQuotes, q == plainIfSafe && strings.ContainsAny(value, `"\`) && !strings.Contains(value, "'"):
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	}
	return escaped(value)
}

func jsonString(value string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return escaped(value)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// escaped writes a double-quoted scalar of YAML, of which a few escapes are
// not JSON's.
func escaped(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range value {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case isPrintableRune(r):
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func isPrintableRune(r rune) bool {
	return r != '\ufeff' && r != unicode.ReplacementChar && unicode.IsPrint(r)
}

func isPrintable(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return !isPrintableRune(r) })
}

// IsSafePlain reports whether a text without quotes is a string to readers of
// YAML 1.1 and 1.2 alike, in block and in flow context.
func IsSafePlain(value string) bool {
	for i, r := range value {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789./_-", r)) {
			return false
		}
	}
	switch strings.ToLower(value) {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf":
		return false
	}
	return true
}

// isPlainList reports whether a text is a list of networks that stands without
// quotes outside of braces: the slash tells every reader that it is no number.
func isPlainList(value string) bool {
	return strings.Contains(value, "/") && strings.Trim(value, "0123456789./,") == "" && value[0] >= '0' && value[0] <= '9'
}

// canBeLiteral reports whether a text can stand in a literal block scalar that
// finds its indentation by itself.
func canBeLiteral(value string) bool {
	first := strings.TrimLeft(value, "\n")
	if first == "" || first[0] == ' ' || first[0] == '\t' {
		return false
	}
	return !strings.ContainsFunc(value, func(r rune) bool {
		return r != '\n' && r != '\t' && !isPrintableRune(r)
	})
}

// chompingFor returns the chomping indicator that keeps a text's line ends.
func chompingFor(value string) string {
	switch {
	case !strings.HasSuffix(value, "\n"):
		return "-"
	case strings.HasSuffix(value, "\n\n"):
		return "+"
	}
	return ""
}

// literalLines writes the lines of a literal block scalar, each with its line
// end.
func literalLines(value, indent, eol string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(value, "\n"), "\n") {
		if line != "" {
			b.WriteString(indent + line)
		}
		b.WriteString(eol)
	}
	return b.String()
}
