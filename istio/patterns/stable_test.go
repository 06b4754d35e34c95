package patterns

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/holdfast-mesh/holdfast/internal/ports"
)

// A pattern that is written otherwise stands otherwise in the annotations of
// every pod and of every manifest that was patched before. So the texts stay,
// and a change that is meant says so here.
func TestTextsStay(t *testing.T) {
	const want = "0f0475bcc2ec9e42dd5f786eab73c94ff38480268c35d8b19edf1cb570a0ef92"
	r := rand.New(rand.NewPCG(5, 6))
	hash := sha256.New()
	add := func(d Destinations) {
		for _, a := range For(d) {
			fmt.Fprintln(hash, a.text, a.size)
		}
	}
	for i := range 600 {
		add(usual(r, i%5, i%4, 1+i%3))
		wide := usual(r, 4, 0, 0)
		for range 2 + i%2 {
			a, b := uint16(r.UintN(65536)), uint16(r.UintN(65536))
			wide.Ports = append(wide.Ports, ports.Range{First: min(a, b), Last: max(a, b)})
		}
		add(wide)
		first := uint16(1 + r.UintN(60000))
		add(Destinations{Ports: []ports.Range{{First: first, Last: first + uint16(r.UintN(5000))}, {First: 80, Last: 89}}})
	}
	for first := range uint16(130) {
		add(Destinations{Ports: []ports.Range{{First: first, Last: 2 * first}, {First: 300 + first, Last: 65535 - 500*first}}})
	}
	add(Destinations{Prefixes: networks("10.32.0.0/11", "10.64.0.0/10")})
	if got := fmt.Sprintf("%x", hash.Sum(nil)); got != want {
		t.Errorf("got patterns with the sum %s, want %s", got, want)
	}
}
