package rules

import (
	"net/netip"
	"time"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
)

// Mode is what a rule does to pods: it patches, or only tells.
type Mode string

const (
	// Enforce patches pods.
	Enforce Mode = "Enforce"
	// Observe decides, logs, counts and warns, but patches nothing.
	Observe Mode = "Observe"
)

// Scope says which connections an idle timeout reaches.
type Scope string

const (
	// ScopeSidecar is every TCP and HTTP listener of the sidecar.
	ScopeSidecar Scope = "Sidecar"
	// ScopeDestinations is outbound TCP connections to the rule's ports and CIDRs.
	ScopeDestinations Scope = "Destinations"
)

// Bypass says what leaves the sidecar.
type Bypass string

const (
	// BypassPorts takes everything on the rule's ports past the sidecar.
	BypassPorts Bypass = "Ports"
	// BypassCIDRs takes everything to the rule's CIDRs past the sidecar.
	BypassCIDRs Bypass = "CIDRs"
)

// File is a rules file after loading: defaults filled in, texts parsed. Its hash
// is over all fields; those that decide nothing for a pod have the tag `json:"-"`.
type File struct {
	Mode     Mode
	Mesh     Mesh
	Rules    []Rule
	Gateways []Gateway
}

// Mesh is what Istio was installed with, for places where no cluster tells.
type Mesh struct {
	RootNamespace string
	MeshDefaults
	Given bool `json:"-"` // the file has a mesh section; without one nobody knows
}

// Rule maps destinations to a strategy.
type Rule struct {
	Name           string
	Description    string `json:"-"`
	Mode           Mode   // the rule's own, else the file's
	Destinations   Destinations
	Workloads      Workloads
	Strategy       Strategy
	AllowBroad     bool `json:"-"` // so the loader accepts a wide bypass
	AllowProtected bool `json:"-"` // so the loader accepts a bypass of the mesh's own ports
	Line, Column   int  `json:"-"` // of the rule in its file, from 1
}

// Destinations are what a rule speaks of.
type Destinations struct {
	Middleware []string       // names from the table of middleware
	Ports      []ports.Range  // those of Middleware included; sorted, disjoint, not adjacent
	CIDRs      []netip.Prefix // masked, sorted, without duplicates
	Hosts      []string       // lower case; "*." at the start stands for one or more labels
}

// Workloads narrows a rule to some pods; all given conditions must hold.
type Workloads struct {
	Namespaces        []string // names or globs; empty: any
	NamespaceSelector *Selector
	PodSelector       *Selector
	Referencing       bool
}

// Strategy is what a rule does: Bypass alone, or any of the others.
type Strategy struct {
	IdleTimeout   *time.Duration
	Scope         Scope
	Keepalive     *istio.Keepalive
	DrainDuration *time.Duration
	DrainJitter   int // percent of DrainDuration by which a pod's own is longer or shorter, at most
	// SidecarStartsFirst lets the application start when its sidecar carries
	// connections.
	SidecarStartsFirst bool
	// SidecarStopsLast lets the sidecar end when the application's connections have
	// ended, or the pod's grace period has.
	SidecarStopsLast bool
	Bypass           Bypass // empty: none
}

// Gateway is for pods that are proxies themselves: keepalive for their listeners, the
// rest for all connections through them.
type Gateway struct {
	Name          string
	Namespace     string
	Selector      map[string]string
	Ports         []uint16        // of Keepalive
	Keepalive     istio.Keepalive // zero: none
	IdleTimeout   *time.Duration
	DrainDuration *time.Duration
	DrainJitter   int // as in Strategy
	StopsLast     bool
	Line, Column  int `json:"-"`
}

// ForPods reports whether the entry says something that the gateway's pods are to
// carry. Keepalive is not: an object of the mesh sets it on their listeners.
func (g *Gateway) ForPods() bool {
	return g.IdleTimeout != nil || g.DrainDuration != nil || g.StopsLast
}
