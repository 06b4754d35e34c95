package istio

import (
	"testing"

	"pgregory.net/rapid"
)

func TestParseKeepalive(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       Keepalive
		wantErr    string
	}{
		{name: "usual", text: "120s-30s-3", want: Keepalive{120, 30, 3}},
		{name: "smallest", text: "1s-1s-1", want: Keepalive{1, 1, 1}},
		{name: "largest", text: "32767s-32767s-127", want: Keepalive{32767, 32767, 127}},
		// Linux refuses what is beyond its bounds.
		{name: "time too large", text: "32768s-30s-3", wantErr: "time 32768, want 1 to 32767"},
		{name: "interval zero", text: "120s-0s-3", wantErr: "interval 0, want 1 to 32767"},
		{name: "probes too many", text: "120s-30s-128", wantErr: "probes 128, want 1 to 127"},
		// One setting has one text, since mesh objects are chosen by it.
		{name: "minutes", text: "2m-30s-3", wantErr: `like "120s-30s-3"`},
		{name: "leading zero", text: "0120s-30s-3", wantErr: `want "120s-30s-3"`},
		{name: "no units", text: "120-30-3", wantErr: `like "120s-30s-3"`},
		{name: "unit on probes", text: "120s-30s-3s", wantErr: `like "120s-30s-3"`},
		{name: "short", text: "120s-30s", wantErr: `like "120s-30s-3"`},
		{name: "empty", text: "", wantErr: `like "120s-30s-3"`},
		{name: "space", text: "120s-30s-3 ", wantErr: `like "120s-30s-3"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseKeepalive(test.text)
			checkError(t, err, test.wantErr)
			if got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// Every setting within bounds reads back from its text.
func TestKeepaliveRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Keepalive{
			Time:     rapid.Uint16Range(1, MaxKeepaliveSeconds).Draw(t, "time"),
			Interval: rapid.Uint16Range(1, MaxKeepaliveSeconds).Draw(t, "interval"),
			Probes:   rapid.Uint8Range(1, MaxKeepaliveProbes).Draw(t, "probes"),
		}
		if got, err := ParseKeepalive(want.String()); err != nil || got != want {
			t.Fatalf("%s: got %v, %v", want, got, err)
		}
	})
}

// Only a text that String writes is accepted.
func FuzzParseKeepalive(f *testing.F) {
	for _, seed := range []string{"120s-30s-3", "2m-30s-3", "1s-1s-", "s-s-", "00001s-1s-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ParseKeepalive(text); err == nil && k.String() != text {
			t.Errorf("%q was read as %s", text, k)
		}
	})
}
