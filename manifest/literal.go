package manifest

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"
)

// replaceBlockScalar gives a literal block another text. Lines that are in
// both stay byte for byte, and so do its indentation and, where it can be,
// its header. A folded block becomes a literal one.
func (e *editor) replaceBlockScalar(value *yaml.Node, text string, l layout) {
	data := e.file.data
	at := e.bare(value)
	b := e.blockScalar(at, len(l.indent))
	literal := value.Style&yaml.LiteralStyle != 0
	if !canBeLiteral(text) && !(literal && b.explicit && canBeLiteral("x"+text) && strings.Trim(text, "\n") != "") {
		// Its lines go, and a comment on the header line stays behind the value.
		header := at + len("|")
		for header < len(data) && strings.IndexByte("+-123456789", data[header]) >= 0 {
			header++
		}
		e.splice(e.at(value), header, escaped(text))
		if b.end > e.lineEnd(at) {
			e.splice(e.lineEnd(at), b.end, "")
		}
		return
	}
	indent := l.indent + l.step
	if b.indent >= 0 {
		indent = strings.Repeat(" ", b.indent)
	} else {
		b.end = e.blankEnd(b)
	}
	chomping := ""
	if b.chomping != 0 {
		chomping = string(b.chomping)
	}
	if want := chompingFor(text); want != chomping && !(chomping == "+" && want == "") || !literal {
		e.writeHeader(at, want)
		chomping = want
	}
	e.replaceLines(b, text, indent, chomping, literal, l.eol)
}

// blankEnd returns the end of the lines of white space that are all of a block.
// Behind a text some of it would count.
func (e *editor) blankEnd(b blockScalar) int {
	end := b.end
	for at := b.body; at < e.end; {
		line := e.lineEnd(at)
		if strings.Trim(string(e.file.data[at:line]), " ") != "" {
			break
		}
		if line > at {
			end = line
		}
		if at = line + lineEndLength(e.file.data[line:e.end]); at == line {
			break
		}
	}
	return end
}

// writeHeader changes the style and the chomping indicator of a block scalar
// and leaves an indentation indicator.
func (e *editor) writeHeader(at int, chomping string) {
	end := at + 1
	digit := ""
	for end < len(e.file.data) && strings.IndexByte("+-123456789", e.file.data[end]) >= 0 {
		if c := e.file.data[end]; c != '+' && c != '-' {
			digit = string(c)
		}
		end++
	}
	e.splice(at, end, "|"+digit+chomping)
}

// replaceLines changes the lines of a block that are not the same before and
// after.
func (e *editor) replaceLines(b blockScalar, text, indent, chomping string, literal bool, eol string) {
	data := e.file.data
	end := b.end
	if chomping == "+" {
		// Blank lines behind the text would count.
		for next := end + lineEndLength(data[end:]); next > end && next < e.end; next = end + lineEndLength(data[end:]) {
			line := e.lineEnd(next)
			if len(bytes.TrimLeft(data[next:line], " ")) > 0 {
				break
			}
			end = line
		}
	}
	var lines []string // with their ends
	for at := b.body; at <= end && at < e.end; {
		next := e.lineEnd(at)
		next += lineEndLength(data[next:e.end])
		lines = append(lines, string(data[at:next]))
		at = next
	}
	atEOF := len(lines) > 0 && !strings.HasSuffix(lines[len(lines)-1], "\n") && !strings.HasSuffix(lines[len(lines)-1], "\r")
	var wanted []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if line != "" {
			line = indent + line
		}
		wanted = append(wanted, line+eol)
	}
	same := func(old, new string) bool {
		old, new = strings.TrimRight(old, "\r\n"), strings.TrimRight(new, "\r\n")
		return old == new || new == "" && strings.Trim(old, " ") == "" && len(old) <= len(indent)
	}
	head, tail := 0, 0
	for literal && head < len(lines) && head < len(wanted) && same(lines[head], wanted[head]) {
		head++
	}
	for literal && tail < len(lines)-head && tail < len(wanted)-head && same(lines[len(lines)-1-tail], wanted[len(wanted)-1-tail]) {
		tail++
	}
	from := b.body + len(strings.Join(lines[:head], ""))
	to := b.body + len(strings.Join(lines[:len(lines)-tail], ""))
	changed := strings.Join(wanted[head:len(wanted)-tail], "")
	switch {
	case b.body > 0 && lineEndLength(data[b.body-1:]) == 0 && b.body == e.end, // a header at the end of the file
		atEOF && head == len(lines) && changed != "":
		changed = eol + changed
		if chomping == "-" {
			changed = strings.TrimSuffix(changed, eol)
		}
	case atEOF && tail == 0 && chomping == "-":
		changed = strings.TrimSuffix(changed, eol)
	case atEOF && tail > 0 && chomping != "-":
		e.splice(e.end, e.end, eol)
	}
	if changed != "" || to > from {
		e.splice(from, to, changed)
	}
}
