package evidence

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/texts"
)

// maxName is the longest DNS name.
const maxName = 253

// In a text, a name of that length is found in front of its port and in brackets of its own.
func TestLongestNameInText(t *testing.T) {
	name := strings.Repeat("a.", maxName/2) + "a" // 253 bytes
	for text, want := range map[string]string{
		name + ":1": name + ":1", name + ".:1": name + ":1", name + "a:1": "", "a" + name + ".:1": "",
		"u:p@tcp(" + name + ")/db": name + ":3306", "u:p@tcp(" + name + ".)/db": name + ":3306", "u:p@tcp(" + name + "a)/db": "",
	} {
		if got := strings.Join(addressesOf(envPod("A", text)), " "); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// Lists of hosts are read up to four names' length.
func TestLongestListOfHosts(t *testing.T) {
	list := strings.Repeat("db,", 4*maxName/3) + "x" // 1012 bytes
	for text, want := range map[string]string{list: "db:1 x:1", list + "y": ""} {
		if got := strings.Join(addressesOf(envPod("DB_HOSTS", text, "DB_PORT", "1")), " "); got != want {
			t.Errorf("%d bytes: got %q, want %q", len(text), got, want)
		}
	}
}

// The last address that is kept, and the first that is not.
func TestMostAddresses(t *testing.T) {
	var text strings.Builder
	for i := range maxAddresses + 1 {
		fmt.Fprintf(&text, "h%d:1 ", i)
	}
	got := Scan(envPod("A", text.String()), nil).Addresses
	if len(got) != maxAddresses || got[maxAddresses-1].String() != fmt.Sprintf("h%d:1", maxAddresses-1) {
		t.Errorf("got %d addresses, want the first %d", len(got), maxAddresses)
	}
}

// Of one text, so many pairs are kept, whatever was kept before it.
func TestMostPairsOfOneText(t *testing.T) {
	for _, form := range []struct{ name, other, host, port string }{
		{"keys", "host=h ", "a_host=last ", "a_port=7"},
		{"flags", "--host h ", "--a-host last ", "--a-port 7"},
	} {
		for others, want := range map[int]bool{texts.MaxSearches - 2: true, texts.MaxSearches - 1: false} {
			text := strings.Repeat(form.other, others) + form.host + form.port
			got := addressesOf(envPod("X_HOST", "before", "Y_HOST", "before", "TEXT", text))
			if slices.Contains(got, "last:7") != want {
				t.Errorf("%s, %d before the last: got %q, want it found: %v", form.name, others, got, want)
			}
		}
	}
}

// A scheme, and what follows a port, are looked at up to 64 bytes.
func TestLongestSchemeAndItem(t *testing.T) {
	for text, want := range map[string]string{
		"mysql+" + strings.Repeat("x", 58) + "://db":   "db:3306",
		"mysql+" + strings.Repeat("x", 59) + "://db":   "",
		"db:1:" + strings.Repeat("x", 64) + ":y db2:2": "db2:2", // an IPv6 address has two more items
		"db:1:" + strings.Repeat("x", 65) + ":y db2:2": "db2:2 db:1",
	} {
		if got := strings.Join(addressesOf(envPod("A", text)), " "); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// References are replaced up to a number and a length.
func TestMostReferences(t *testing.T) {
	env := func(pairs ...string) *expansion {
		var x expansion
		x.begin(envPod(pairs...).Containers[0].Env)
		return &x
	}
	x := env("H", "h", "TEXT", strings.Repeat("$(H)", maxReferences+1))
	if got, want := x.replace(1), strings.Repeat("h", maxReferences)+"$(H)"; got != want {
		t.Errorf("got %d bytes, want %d references replaced and one left", len(got), maxReferences)
	}
	for _, rest := range []int{0, 1000} {
		fits := strings.Repeat("v", maxExpanded-rest)
		x = env("FITS", fits, "MORE", fits+"v", "A", "$(FITS)"+strings.Repeat("r", rest), "B", "$(MORE)"+strings.Repeat("r", rest))
		if got := x.replace(2); len(got) != maxExpanded {
			t.Errorf("%d bytes after a reference: got %d, want %d", rest, len(got), maxExpanded)
		}
		if got := x.replace(3); got != x.env[3].Value {
			t.Errorf("%d bytes after a reference, one too many: got %d, want the text as it is", rest, len(got))
		}
	}
	long := strings.Repeat("L", longestVariable-len("$()"))
	x = env(long, "h", long+"L", "h", "A", "$("+long+")", "B", "$("+long+"L)")
	if got := x.replace(2); got != "h" {
		t.Errorf("got %q for the longest variable, want it replaced", got)
	}
	if got := x.replace(3); got != x.env[3].Value {
		t.Errorf("got %q for a longer variable, want it left", got)
	}
}

func TestDeclared(t *testing.T) {
	tests := []struct {
		rule, text string
		want       []Declared
	}{
		{"nothing", "", nil},
		{"blanks and commas", " , ,", nil},
		{"a rule's name, as it is written", " Carts ", []Declared{{Name: "Carts"}}},
		{"a middleware by its alias", "x, Valkey", []Declared{{Name: "x"}, {Name: "Valkey", Middleware: "redis", Port: 6379}}},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			pod := &rules.Pod{Annotations: map[string]string{rules.MiddlewareAnnotation: test.text}}
			if got := Scan(pod, nil).Declared; !slices.Equal(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	if got := declared(strings.Repeat("x,", maxAddresses+1)); len(got) != maxAddresses {
		t.Errorf("got %d names, want %d and no more", len(got), maxAddresses)
	}
}

// What is released is empty, and what a hostile pod made big is not kept.
func TestRelease(t *testing.T) {
	var nothing Found
	nothing.Release()
	found := Scan(envPod("URL", "cache:6379"), nil)
	if found.Release(); len(found.Addresses) > 0 {
		t.Errorf("got %v after Release, want nothing", found.Addresses)
	}
	for replaced, kept := range map[int]bool{big - 1: true, big: false} {
		s := &scanner{expansion: expansion{replaced: make([]replacement, replaced)}, unasked: 1}
		if s.release(); (s.unasked == 0) != kept {
			t.Errorf("%d replaced: got the space kept: %v, want %v", replaced, s.unasked == 0, kept)
		}
	}
}
