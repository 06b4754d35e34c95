package digest

import (
	"io"
	"testing"
)

// A text has the same digest, whether it is there as a whole or not.
func TestOf(t *testing.T) {
	got, err := Of(func(w io.Writer) error {
		for _, part := range []string{"some", "", " text"} {
			if _, err := io.WriteString(w, part); err != nil {
				return err
			}
		}
		return nil
	})
	if want := Hex([]byte("some text")); got != want || err != nil {
		t.Errorf("got %s and error %v, want %s", got, err, want)
	}
	if _, err := Of(func(io.Writer) error { return io.ErrShortWrite }); err != io.ErrShortWrite {
		t.Errorf("got error %v, want that of writing", err)
	}
}
