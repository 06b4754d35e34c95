package rules

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
)

// The page has the table as it is here.
func TestAmbientPage(t *testing.T) {
	page, err := os.ReadFile("../docs/ambient.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, loss := range AmbientLosses() {
		if row := "| `" + loss.Key + "` | " + loss.Becomes + " | " + loss.Instead + " |\n"; !strings.Contains(string(page), row) {
			t.Errorf("docs/ambient.md lacks %s", row)
		}
	}
	if got := strings.Count(string(page), "\n| `"); got != len(ambientLosses) {
		t.Errorf("got %d rows in docs/ambient.md, want %d", got, len(ambientLosses))
	}
}

// A strategy loses what its keys lose, and nothing else.
func TestInAmbient(t *testing.T) {
	hour := time.Hour
	for _, test := range []struct {
		strategy Strategy
		want     []string
	}{
		{Strategy{}, nil},
		{Strategy{IdleTimeout: &hour, Scope: ScopeSidecar}, []string{"idleTimeout"}},
		{Strategy{IdleTimeout: &hour, Scope: ScopeDestinations, Keepalive: &istio.Keepalive{}}, []string{"idleTimeout", "scope: Destinations", "keepalive"}},
		{Strategy{DrainDuration: &hour}, []string{"drainDuration"}},
		{Strategy{DrainDuration: &hour, DrainJitter: 1, SidecarStartsFirst: true}, []string{"drainDuration", "drainJitter", "sidecarStartsFirst"}},
		{Strategy{SidecarStopsLast: true, Bypass: BypassPorts}, []string{"sidecarStopsLast", "bypass"}},
	} {
		var got []string
		for _, loss := range test.strategy.InAmbient() {
			got = append(got, loss.Key)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v: got %q, want %q", test.strategy, got, test.want)
		}
	}
}
