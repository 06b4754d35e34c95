package istio

// Keepalive is one setting of TCP keepalive.
type Keepalive struct {
	Time     uint16 // seconds of idleness before the first probe, 1-32767
	Interval uint16 // seconds between probes, 1-32767
	Probes   uint8  // unanswered probes before the connection is dropped, 1-127
}

// String is the form of annotations and object names: "120s-30s-3".
func (k Keepalive) String() string { panic("skeleton") }

// ParseKeepalive reads String's form.
func ParseKeepalive(s string) (Keepalive, error) { panic("skeleton") }
