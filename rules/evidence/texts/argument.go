package texts

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// Argument reads the next item of a command line that comes as a list. A value that
// follows a flag with the name of a secret is not read.
func (r *Reader) Argument(value string) {
	has := marksOf(value)
	isFlag := strings.HasPrefix(value, "-")
	if isFlag && has&(markEquals|markSpace|markColon) == 0 {
		r.flag = value
		return
	}
	name, text := r.flag, value
	if left, right, ok := strings.Cut(value, "="); ok && (isFlag || isAssignment(left, right)) {
		name, text = left, right
	}
	r.flag = ""
	if text == "" || vocabulary.IsSecret(name) {
		return
	}
	if has&markSpace == 0 {
		r.word(name, text)
	} else {
		r.pair(name, text)
	}
	if isFlag && strings.Contains(text, " -") {
		text = value // several flags in one argument
	}
	r.hiding, r.named = vocabulary.IsLoginFlag(name), named{name: property(name)}
	r.text(text, has)
	r.hiding, r.named = false, named{}
}

// isAssignment reports whether an argument is one name and one value, as in
// "env DB_HOST=db DB_PORT=3306 app" and "--set redis.host=cache", and no
// connection string.
func isAssignment(name, value string) bool {
	for i := 0; i < len(name); i++ {
		if !isNameByte(name[i]) {
			return false
		}
	}
	return name != "" && !strings.ContainsAny(value, " \t\n;&()")
}
