package netns

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// forget makes the namespace a middlebox like a cloud's load balancer or NAT gateway: it
// drops its memory of a connection after that long without a packet, and from then on every
// packet of the connection, without a word to either side.
//
// The settings are the kernel's connection tracker:
// https://docs.kernel.org/networking/nf_conntrack-sysctl.html. With loose=1, the default, it
// would pick up a forgotten connection again at its next packet.
func (ns *Namespace) forget(ctx context.Context, after time.Duration) error {
	rule := ns.Command(ctx, "iptables", "-w", "-A", "FORWARD", "-m", "conntrack", "--ctstate", "INVALID", "-j", "DROP")
	if out, err := rule.CombinedOutput(); err != nil {
		return fmt.Errorf("middlebox: %s: %w: %s", strings.Join(rule.Args, " "), err, strings.TrimSpace(string(out)))
	}
	for name, value := range map[string]string{
		"netfilter.nf_conntrack_tcp_timeout_established": strconv.Itoa(int(after.Seconds())),
		"netfilter.nf_conntrack_tcp_loose":               "0",
	} {
		if err := ns.sysctl(name, value); err != nil {
			return fmt.Errorf("middlebox: %w", err)
		}
	}
	return nil
}
