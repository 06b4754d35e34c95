package load

import (
	"slices"

	"github.com/holdfast-mesh/holdfast/rules"
)

// ruleMarks are what checks across rules need of one: positions, and which
// warnings are meant.
type ruleMarks struct {
	strategy, keepalive mark
	allowed             []Code
}

// manyRules is for how many rules there is room from the start.
const manyRules = 10_000

// rules reads the list of rules. Once there is an error, rules are only read
// to tell what is wrong with them.
func (l *loader) rules(v value, f *rules.File) {
	names := make(map[string]mark)
	room := len(v.Content)
	for i := range l.cut {
		room += l.cut[i].Len()
	}
	f.Rules = slices.Grow(f.Rules, min(room, manyRules))
	read := func(item value) {
		f.Rules = append(f.Rules, rules.Rule{Mode: f.Mode, Line: item.use.Line, Column: item.use.Column})
		last := len(f.Rules) - 1
		marks := l.rule(item, &f.Rules[last], names)
		if l.errors > 0 {
			f.Rules = f.Rules[:last]
			return
		}
		l.marks = append(l.marks, marks)
	}
	l.list(v, "a list of rules", read)
	l.pieces(v, read)
}

func (l *loader) rule(item value, r *rules.Rule, names map[string]mark) (marks ruleMarks) {
	var s strategyValues
	var d destinationValues
	defer func() { l.allowed = nil }()
	l.object(item, ruleKeys,
		// First, for all warnings that follow.
		field{"allow", func(v value) {
			l.allowed = l.allow(v, RuleWarnings())
			marks.allowed = l.allowed
		}},
		field{"name", func(v value) {
			r.Name = l.label(v, "a name")
			l.unique(v, item, "rule", r.Name, names)
		}},
		field{"description", func(v value) {
			text, _ := l.text(v, "text")
			r.Description = l.intern(text)
		}},
		field{"mode", func(v value) { r.Mode = choice(l, v, rules.Enforce, rules.Observe) }},
		field{"allowBroad", func(v value) { r.AllowBroad = l.boolean(v) }},
		field{"allowProtected", func(v value) { r.AllowProtected = l.boolean(v) }},
		field{"workloads", func(v value) { l.workloads(v, &r.Workloads) }},
		// Strategy first: what destinations may hold depends on it.
		field{"strategy", func(v value) {
			l.strategy(v, &r.Strategy, &s)
			marks.strategy = markOf(v.Node)
			if s.keepalive.given() {
				marks.keepalive = markOf(s.keepalive.Node)
			}
		}},
		field{"destinations", func(v value) { l.destinations(v, r, &d) }},
	)
	if s.given() && d.given() {
		l.reach(r, &s, &d)
	}
	if l.errors == 0 {
		l.chosenPods(r, &s, &d)
		l.ruleObjects(r, &s)
	}
	return marks
}
