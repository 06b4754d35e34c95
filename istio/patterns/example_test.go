package patterns_test

import (
	"fmt"
	"net/netip"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio/patterns"
)

func Example() {
	redis := patterns.For(patterns.Destinations{
		Ports:    []ports.Range{{First: 6379, Last: 6379}, {First: 7000, Last: 7005}},
		Prefixes: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")},
	})
	mysql := patterns.For(patterns.Destinations{
		Ports:    []ports.Range{{First: 3306, Last: 3306}},
		Prefixes: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")},
	})
	for _, pattern := range patterns.Pack(append(redis, mysql...)) {
		fmt.Println(pattern)
	}
	// Output:
	// ^(?:10[.]20[.][!-~]+:(?:6379|700[0-5])|[[]2001:db8:[!-~]+:3306)$
}
