package capture_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/verify/capture"
)

// The rules of istio-iptables, in their order.
func TestWay(t *testing.T) {
	for _, test := range []struct {
		args    []string
		to      string
		sidecar bool
		why     string
	}{
		{[]string{"-i", "*"}, "192.0.2.1:1", true, "everything"},
		{[]string{"-i", ""}, "192.0.2.1:1", false, "no included port or address"},
		{[]string{"-i", "", "-q", "1,2"}, "192.0.2.1:2", true, "port 2 is included"},
		{[]string{"-i", "", "-q", "1,2"}, "192.0.2.1:3", false, "no included"},
		{[]string{"-i", "192.0.2.0/24"}, "192.0.2.1:1", true, "192.0.2.0/24 is included"},
		{[]string{"-i", "192.0.2.0/24"}, "192.0.3.1:1", false, "no included"},
		{[]string{"-i", "*", "-x", "192.0.2.0/24,2001:db8::/32"}, "[2001:db8::1]:1", false, "2001:db8::/32 is excluded"},
		// Exclusion goes before inclusion.
		{[]string{"-q", "1", "-o", "1"}, "192.0.2.1:1", false, "port 1 is excluded"},
		{[]string{"-q", "1", "-x", "192.0.2.0/24"}, "192.0.2.1:1", false, "192.0.2.0/24 is excluded"},
		// Ports go before loopback, loopback before addresses.
		{[]string{"-o", "1", "-i", "*"}, "127.0.0.1:1", false, "port 1"},
		{[]string{"-x", "127.0.0.0/8", "-i", "*"}, "127.0.0.1:1", false, "loopback"},
		// A value that looks like a flag is a value.
		{[]string{"-u", "-o", "1", "-i", "*"}, "192.0.2.1:1", true, "everything"},
		{[]string{"-d", "-x", "-i", "*", "-o"}, "192.0.2.1:1", true, "everything"},
	} {
		pod := &rules.Pod{Containers: []rules.Container{{Name: "app"}, {Name: capture.Init, Args: append([]string{"istio-iptables"}, test.args...)}}}
		told := capture.Read(pod)
		if told.Unreadable != nil {
			t.Errorf("%q: %v", test.args, told.Unreadable)
		}
		sidecar, why := told.Way(netip.MustParseAddrPort(test.to))
		if sidecar != test.sidecar || !strings.Contains(why, test.why) {
			t.Errorf("%q to %s: got %t, %s, want %t, %s", test.args, test.to, sidecar, why, test.sidecar, test.why)
		}
	}
}

// Nothing is known of a pod that has neither container.
func TestNoContainer(t *testing.T) {
	told := capture.Read(&rules.Pod{Containers: []rules.Container{{Name: "app", Args: []string{"-o", "1"}}}})
	if sidecar, why := told.Way(netip.MustParseAddrPort("192.0.2.1:1")); told.Container != "" || !sidecar || !strings.Contains(why, "does not show") {
		t.Errorf("got %+v, %t, %s", told, sidecar, why)
	}
}

// The first list that cannot be read is named; the others count.
func TestUnreadable(t *testing.T) {
	told := capture.Read(&rules.Pod{Containers: []rules.Container{{Name: capture.Validation, Args: []string{"-o", "1,", "-x", "x", "-q", "5"}}}})
	if told.Unreadable == nil || !strings.HasPrefix(told.Unreadable.Error(), "argument -o of istio-validation: ") || len(told.IncludePorts) != 1 {
		t.Errorf("got %+v", told)
	}
}
