package texts

import (
	"iter"
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// farthestKey is how far back from a value its key is looked for, in bytes.
const farthestKey = 256

// keyBefore finds the key whose value the text at start is, if it has one:
// "addr=x:12", `"addr": "x:12"`, "--addr x:12". secret says that it is a secret's:
// "password=ab,x:12", "h:6379,password=ab,x:12". Nobody knows where such a value ends,
// so it is all that follows in its field.
func keyBefore(value string, start int) (key string, secret bool) {
	field, back := fieldOf(value, start)
	for i := field; i < start; i++ {
		if c := value[i]; (c == '=' || c == ':') && vocabulary.IsSecret(value[field:i]) {
			return "", true
		}
		if value[i] == '=' && key == "" {
			key = value[field:i]
		}
	}
	// The value may be a word of its own, after blanks and quotes.
	word := wordBefore(value, field, back)
	if key == "" {
		key = word
	}
	return key, vocabulary.IsSecret(word)
}

// fieldOf finds where the field begins in which a position is, and how far back to look
// from there.
func fieldOf(value string, pos int) (field, back int) {
	field, back = pos, max(0, pos-farthestKey)
	for field > back && !endsField(value[field-1]) {
		field--
	}
	return field, back
}

// hostItems are the items of a comma list of hosts, up to the first that is a
// secret's key with its value: what follows may belong to the secret. The first
// item is a host, also where it is called auth ("auth:6379").
func hostItems(list string) iter.Seq[string] {
	return func(yield func(string) bool) {
		first := true
		for item := range strings.SplitSeq(list, ",") {
			i := 0
			for i < len(item) && item[i] != '=' && item[i] != ':' {
				i++
			}
			if i < len(item) && (item[i] == '=' || !first) && vocabulary.IsSecret(item[:i]) || !yield(item) {
				return
			}
			first = false
		}
	}
}

// wordBefore returns the word that ends before a position, with blanks, quotes
// and the like between them, or nothing.
func wordBefore(value string, pos, back int) string {
	end := pos
	for end > back && vocabulary.IsConnector(value[end-1]) {
		end--
	}
	word := end
	for word > back && isNameByte(value[word-1]) {
		word--
	}
	if end == pos {
		return ""
	}
	return value[word:end]
}

// afterLogin reports whether the text at start is in the value of a flag that takes
// user:password, or a password: "curl -u admin:1234", "redis-cli -a ab,x:12".
func afterLogin(value string, start int) bool {
	field, back := fieldOf(value, start)
	return vocabulary.IsLoginFlag(wordBefore(value, field, back))
}

func endsField(c byte) bool {
	return c <= ' ' || c == ';' || c == '&' || c == '?' || c == '"' || c == '\'' || c == '`' || c == '('
}
