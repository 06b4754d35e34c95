package yamltext

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// replaceBlockScalar gives a literal block another text. Lines that are in
// both stay byte for byte, and so do its indentation and, where it can be,
// its header. A folded block becomes a literal one.
func (e *Edit) replaceBlockScalar(value *yaml.Node, text string, b block) {
	at := e.bare(value)
	old := e.blockScalar(at, len(b.indent))
	literal := value.Style&yaml.LiteralStyle != 0
	indented := literal && old.digit != "" && canBeLiteral("x"+text) && strings.Trim(text, "\n") != ""
	if b.quoted || !canBeLiteral(text) && !indented {
		// Its lines go, and a comment on the header line stays behind the value.
		e.splice(e.at(value), e.headerEnd(at), escaped(text))
		if lineEnd := e.lineEnd(at); old.end > lineEnd {
			e.splice(lineEnd, old.end, "")
		}
		return
	}
	indent := b.indent + b.step
	if old.indent >= 0 {
		indent = strings.Repeat(" ", old.indent)
	}
	want, start := chompingFor(text), at
	if value.Style&yaml.TaggedStyle != 0 {
		start = e.at(value) // the tag may make no text of it
	}
	isKept := literal && (want == old.chomping || want == "" && old.chomping == "+")
	if isKept {
		want = old.chomping
	}
	if !isKept || start < at {
		e.splice(start, e.headerEnd(at), "|"+old.digit+want)
	}
	e.replaceLines(old, text, indent, want, literal, b.eol)
}

// takenEnd returns the end of the lines that a new text of a block takes the
// place of.
func (l *lines) takenEnd(b blockScalar, keeps bool) int {
	end := b.end
	if b.indent < 0 {
		end = l.blankEnd(b)
	}
	if keeps {
		end = l.blanksEnd(end)
	}
	return end
}

// blankEnd returns the end of the lines of spaces that are all of a block.
// Behind a text some of it would count.
func (l *lines) blankEnd(b blockScalar) int {
	end := b.end
	for line := b.body; line < len(l.text); line = l.nextLine(line) {
		lineEnd := l.lineEnd(line)
		if strings.Trim(l.text[line:lineEnd], " ") != "" {
			break
		}
		if lineEnd > line {
			end = max(end, lineEnd)
		}
	}
	return end
}

// blanksEnd returns the end of the blank lines behind an offset, which count
// for a block that keeps them.
func (l *lines) blanksEnd(end int) int {
	for next := l.nextLine(end); next < len(l.text); next = l.nextLine(end) {
		line := l.lineEnd(next)
		if strings.TrimLeft(l.text[next:line], " ") != "" {
			break
		}
		end = line
	}
	return end
}

// replaceLines changes the lines of a block that are not the same before and
// after.
func (e *Edit) replaceLines(b blockScalar, text, indent, chomping string, literal bool, eol string) {
	end := e.takenEnd(b, chomping == "+")
	var lines []string // with their ends
	at := b.body
	for at <= end && at < len(e.Text) {
		next := e.nextLine(at)
		lines = append(lines, e.Text[at:next])
		at = next
	}
	wanted := strings.SplitAfter(literalLines(text, indent, eol), eol)
	wanted = wanted[:len(wanted)-1] // behind the last line end
	same := func(old, new string) bool {
		old, new = strings.TrimRight(old, "\r\n"), strings.TrimRight(new, "\r\n")
		return old == new || new == "" && strings.Trim(old, " ") == "" && len(old) <= len(indent)
	}
	head, tail := 0, 0
	for literal && head < min(len(lines), len(wanted)) && same(lines[head], wanted[head]) {
		head++
	}
	for literal && tail < min(len(lines), len(wanted))-head && same(lines[len(lines)-1-tail], wanted[len(wanted)-1-tail]) {
		tail++
	}
	kept := strings.Join(lines[len(lines)-tail:], "")
	from, to := b.body+len(strings.Join(lines[:head], "")), at-len(kept)
	changed := strings.Join(wanted[head:len(wanted)-tail], "")
	if at == len(e.Text) && lastBreak(e.Text) == "" {
		// The last line has no line end: it gets one where lines follow, and
		// where it counts.
		to, changed = at, changed+kept
		if tail > 0 {
			changed += eol
		}
		if head == len(lines) {
			changed = eol + changed
		}
		if chomping == "-" {
			changed = strings.TrimSuffix(changed, eol)
		}
	}
	if e.Text[from:to] != changed {
		e.splice(from, to, changed)
	}
}
