package vocabulary

// table is what words say, which are in lower case. Nearly nothing that is looked up is
// there, and nearly always its first and last byte and its length tell.
type table[T any] struct {
	words map[string]T
	ends  [64]uint64 // by the first byte: which lengths and last bytes there are
}

// longestWord is longer than any word of a table.
const longestWord = 40

func newTable[T any](words map[string]T) table[T] {
	t := table[T]{words: words}
	for word := range words {
		first, ends := endsOf(word)
		t.ends[first] |= ends
	}
	return t
}

// endsOf is the place of a word in ends, and its bits there: one for its length, one for
// its last byte. Capitals and small letters have the same.
func endsOf(word string) (first byte, ends uint64) {
	return (word[0] | 0x20) & 0x3f, 1<<(len(word)&0x1f) | 1<<(32+word[len(word)-1]&0x1f)
}

// mayHave reports false for most texts that are no word.
func (t *table[T]) mayHave(text string) bool {
	if text == "" || len(text) > longestWord {
		return false
	}
	first, ends := endsOf(text)
	return t.ends[first]&ends == ends
}

// exactly finds a word as it is written.
func (t *table[T]) exactly(word string) (found T, ok bool) {
	if t.mayHave(word) {
		found, ok = t.words[word]
	}
	return found, ok
}

// lookUp finds a word in any case of letters, without allocating.
func (t *table[T]) lookUp(word string) (found T, ok bool) {
	if !t.mayHave(word) {
		return found, false
	}
	var lower [longestWord]byte
	for i := 0; i < len(word); i++ {
		c := word[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	found, ok = t.words[string(lower[:len(word)])]
	return found, ok
}
