package rules

import (
	"bytes"
	"errors"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// syntaxError reports what YAML's parser says, at its position, with the usual
// cause where that is known.
func (l *loader) syntaxError(data []byte, err error) {
	line, column, message := 1, 1, err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		message = load.Message
		if load.ContextMsg != "" {
			message = load.ContextMsg + ": " + message
		}
		switch {
		case load.Mark.Line > 0:
			line, column = load.Mark.Line, load.Mark.Column
		case load.ContextMark.Line > 0:
			line, column = load.ContextMark.Line, load.ContextMark.Column
		}
	}
	message = "got text that is not YAML (" + joinLines(message) + "), want a rules file"
	if hint := syntaxHint(textLine(data, line), message); hint != "" {
		message += ": " + hint
	}
	l.report(line, max(column, 1), SeverityError, BadSyntax, nil, message)
}

// syntaxHint names the likely cause of a syntax error in a line.
func syntaxHint(text, message string) string {
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.Contains(indent, "\t"):
		return "indent with spaces, YAML forbids tabs there"
	case strings.Contains(message, "unknown anchor"):
		return "quote a value that starts with *, for example \"*.example.com\""
	case strings.Contains(message, "mapping values are not allowed"):
		return "indent the line like its neighbours, and quote a value that contains \": \""
	case strings.Contains(message, "incompatible YAML document"):
		return "remove the %YAML line"
	case strings.Contains(message, "max depth"):
		return "a rules file nests 8 levels at most"
	case strings.HasPrefix(trimmed, "{{"):
		return "render the template first"
	case strings.Contains(message, "while scanning an alias"), strings.Contains(message, "while scanning an anchor"):
		return "quote a value that starts with * or &, for example \"*.example.com\""
	case strings.Contains(message, "flow"), strings.Contains(message, "quoted scalar"):
		return "close every [, { and quote"
	case strings.Contains(message, "document start"), strings.Contains(message, "block"):
		return "indent the line like its neighbours"
	}
	return ""
}

// textLine returns line n (from 1) of data, without its end.
func textLine(data []byte, n int) string {
	for ; n > 1; n-- {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			return ""
		}
		data = data[i+1:]
	}
	data, _, _ = bytes.Cut(data, []byte("\n"))
	return strings.TrimSuffix(string(data), "\r")
}

// joinLines makes a message of several lines one.
func joinLines(s string) string { return strings.Join(strings.Fields(s), " ") }
