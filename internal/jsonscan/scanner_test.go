package jsonscan

import (
	"math"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

var values = []string{
	`null`, `true`, `-1.5e3`, `""`, `"a"`, `"\\"`, `"\\\""`, `"[\"{\\"`, `[]`, `{}`, `[1,[2,{"a":"]"}],"}"]`,
	`{"a":{"b":[{},[]]},"\"":"\\"}`, "\r\n\t {\n} ", `["` + strings.Repeat(`\\`, 100) + `"]`,
}

// FuzzSkip: a value is passed over whole, whatever is in it, and a text that is none
// harms nobody.
func FuzzSkip(f *testing.F) {
	for _, value := range values {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := New(text + `,"behind"`)
		s.Skip()
		if !jsontext.Value(text).IsValid() {
			return
		}
		if s.Failed() || s.Offset() != len(text) {
			t.Fatalf("got offset %d, failed %v, want %d of %q", s.Offset(), s.Failed(), len(text), text)
		}
	})
}

// FuzzStrings: lists and objects of strings are what a decoder makes of them, or are left
// to it.
func FuzzStrings(f *testing.F) {
	for _, text := range append(values, `["a","\u00e9",null,"é"]`, `{"a":"b","c":null}`, `{"a":"b","a":"c"}`, `{"a" "b"}`, `["a",]`, `[,]`, "[\"\n\"]", `["open`, `{"a":"open`, `{"open`) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var list, wantList []string
		var object, wantObject map[string]string
		s := New(text)
		if s.Strings(&list); !s.Failed() {
			s.End()
		}
		compare(t, text, s.Failed(), json.Unmarshal([]byte(text), &wantList), list, wantList)
		s = New(text)
		if s.StringMap(&object); !s.Failed() {
			s.End()
		}
		compare(t, text, s.Failed(), json.Unmarshal([]byte(text), &wantObject), object, wantObject)
	})
}

func compare[T any](t *testing.T, text string, failed bool, err error, got, want T) {
	t.Helper()
	if failed {
		return
	}
	if err != nil {
		t.Fatalf("got %v of %q, want an error as the decoder's: %v", got, text, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("-decoder +scanner of %q:\n%s", text, diff)
	}
}

// Members come in their order, and a scanner that has failed says nothing any more.
func TestMembers(t *testing.T) {
	for _, test := range []struct {
		text, want string
		failed     bool
	}{
		{`{"a":1,"b":{"a":[1,2]},"c":null}`, "a b c", false},
		{`{}`, "", false},
		{`null`, "", false},
		{`[]`, "", true},
		{`"a"`, "", true},
		{``, "", true},
		{`{"a":1`, "a", true},
		{`{"a":1,}`, "a", true},
		{`{"a":1 "b":2}`, "a", true},
		{`{"a"}`, "", true},
		{`{a:1}`, "", true},
		{`{"a":}`, "a", true},
		{`{"a":"open`, "a", true},
		{`{"a":[{"b"`, "a", true},
		{`{"open`, "", true},
	} {
		var names []string
		s := New(test.text)
		for name := range s.Members {
			names = append(names, name)
			s.Skip()
		}
		if got := strings.Join(names, " "); got != test.want || s.Failed() != test.failed {
			t.Errorf("%s: got %q, failed %v, want %q, %v", test.text, got, s.Failed(), test.want, test.failed)
		}
		if !s.Failed() {
			continue
		}
		var text string
		var list []string
		if s.String(&text); text != "" {
			t.Errorf("%s: got %q after an error", test.text, text)
		}
		if s.Strings(&list); len(list) > 0 {
			t.Errorf("%s: got %q after an error", test.text, list)
		}
	}
}

// Whole numbers are read as JSON has them, once, and everything else is left to a decoder.
func TestInt(t *testing.T) {
	for text, want := range map[string]int64{"30": 30, "-1 ": -1, "0": 0, "9223372036854775807": math.MaxInt64} {
		var got *int64
		if s := New(text); readInt(s, &got) || got == nil || *got != want {
			t.Errorf("%s: got %v, want %d", text, got, want)
		}
	}
	for _, text := range []string{"", "+5", "007", "-0", "1.0", "1e3", "9223372036854775808", `"1"`, `"open`, "{}", "[1", "true"} {
		var got *int64
		if s := New(text); !readInt(s, &got) || got != nil {
			t.Errorf("%s: got %v, want it to fail", text, got)
		}
	}
	had := int64(1)
	got := &had
	if s := New("2"); !readInt(s, &got) || *got != 1 {
		t.Errorf("a second one: got %d, want it to fail", *got)
	}
}

func readInt(s *Scanner, into **int64) (failed bool) {
	s.Int(into)
	return s.Failed()
}

// Every byte at every place of the eight that are looked at at once.
func TestPlain(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			text := []byte(strings.Repeat("a", 20))
			text[at] = byte(c)
			want := len(text)
			if c == '"' || c == '\\' || c < ' ' || c >= 0x80 {
				want = at
			}
			if got := plain(string(text), 0); got != want {
				t.Errorf("got %d with %#x at %d, want %d", got, c, at, want)
			}
		}
	}
}
