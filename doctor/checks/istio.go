package checks

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// version is one of Istio.
type version [3]int

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

func (v version) before(other version) bool { return slices.Compare(v[:], other[:]) < 0 }

// trouble is something that versions of Istio cannot do, or do wrong.
type trouble struct {
	code doctor.Code
	of   string // app of the workload
	// from is the first version that has it, fixed the first that has not.
	ranges  []struct{ from, fixed version }
	matters func(*doctor.Snapshot) bool
	upgrade string
	source  string
}

var troubles = []trouble{
	{
		code: doctor.PassthroughIgnored, of: istiod, ranges: []struct{ from, fixed version }{{version{}, version{1, 14, 0}}},
		matters: hasSidecarTimeout, upgrade: "1.14.5 or newer", source: "https://github.com/istio/istio/issues/38413",
	},
	{
		// Read in the code of pilot/pkg/networking/core of the tags.
		code: doctor.PassthroughLeaks, of: istiod,
		ranges:  []struct{ from, fixed version }{{version{1, 14, 0}, version{1, 14, 5}}, {version{1, 15, 0}, version{1, 15, 2}}},
		matters: always, upgrade: "1.14.5, 1.15.2 or newer", source: "https://github.com/istio/istio/tree/1.15.2/pilot/pkg/networking/core/v1alpha3",
	},
	{
		code: doctor.DestinationsIgnored, of: istiod, ranges: []struct{ from, fixed version }{{version{}, version{1, 28, 0}}},
		matters: hasDestinations, upgrade: "1.28 or newer (Envoy 1.36)", source: "https://istio.io/latest/docs/releases/supported-releases/#supported-envoy-versions",
	},
	{
		code: doctor.KeepaliveIgnored, of: ztunnel,
		ranges:  []struct{ from, fixed version }{{version{}, version{1, 27, 5}}, {version{1, 28, 0}, version{1, 28, 2}}},
		matters: always, upgrade: "1.27.5, 1.28.2 or newer", source: "https://github.com/istio/ztunnel/issues/1689",
	},
	{
		code: doctor.ExitOnZeroIgnored, of: istiod, ranges: []struct{ from, fixed version }{{version{}, version{1, 30, 3}}},
		matters: hasExitOnZero, upgrade: "1.30.3 or newer", source: "https://istio.io/latest/news/releases/1.30.x/announcing-1.30.3/",
	},
}

// Labels app of Istio's workloads.
const (
	istiod  = "istiod"
	ztunnel = "ztunnel"
)

func versions(s *doctor.Snapshot, r *doctor.Result) {
	r.Unseen(s.ControlPlanes.Unseen)
	r.Unseen(s.Rules.Unseen)
	r.Unseen(s.Waypoints.Unseen)
	if s.ControlPlanes.Unseen != "" {
		return
	}
	var seen []string
	for _, w := range s.ControlPlanes.Value {
		object := fmt.Sprintf("%s %s/%s", w.Kind, w.Namespace, w.Name)
		v, ok := versionOf(&w)
		if !ok {
			r.Unseen(fmt.Sprintf("the version of %s: neither its image %q nor its labels tell; give it the label app.kubernetes.io/version", object, w.Image))
			continue
		}
		seen = append(seen, w.Name+" "+v.String())
		for _, t := range troubles {
			if t.of == w.Labels["app"] && t.has(v) && t.matters(s) {
				r.Add(t.code, object, "it is of version "+v.String(), fmt.Sprintf("upgrade to %s; see %s", t.upgrade, t.source))
			}
		}
	}
	r.Seen = listed(seen)
	if len(s.ControlPlanes.Value) == 0 {
		r.Unseen("no Deployment istiod and no DaemonSet ztunnel was found where Istio's injector and root namespace are: istioctl version tells the version of a control plane elsewhere")
	}
}

func (t *trouble) has(v version) bool {
	return slices.ContainsFunc(t.ranges, func(r struct{ from, fixed version }) bool { return !v.before(r.from) && v.before(r.fixed) })
}

// versionText finds a version in tags such as 1.28.1-distroless and v1.27-alpha.
var versionText = regexp.MustCompile(`^(?:istiod-|ztunnel-)?v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:[-.+]|$)`)

// versionOf reads the tag of the image, else the labels that Helm sets.
func versionOf(w *doctor.Workload) (v version, ok bool) {
	image, _, _ := strings.Cut(w.Image, "@")
	tag := ""
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		tag = image[i+1:]
	}
	for _, text := range []string{tag, w.Labels["app.kubernetes.io/version"], w.Labels["helm.sh/chart"]} {
		if m := versionText.FindStringSubmatch(text); m != nil {
			for i := range v {
				v[i], _ = strconv.Atoi(cmp.Or(m[i+1], "0"))
			}
			return v, true
		}
	}
	return v, false
}

func always(*doctor.Snapshot) bool { return true }

func hasSidecarTimeout(s *doctor.Snapshot) bool {
	return hasRule(s, func(r *rules.Rule) bool {
		return r.Strategy.IdleTimeout != nil && r.Strategy.Scope != rules.ScopeDestinations
	})
}

func hasDestinations(s *doctor.Snapshot) bool {
	return hasRule(s, func(r *rules.Rule) bool { return r.Strategy.Scope == rules.ScopeDestinations })
}

func hasRule(s *doctor.Snapshot, wanted func(*rules.Rule) bool) bool {
	return s.Rules.Value != nil && s.Rules.Value.File != nil &&
		slices.ContainsFunc(s.Rules.Value.File.Rules, func(r rules.Rule) bool { return wanted(&r) })
}

func hasExitOnZero(s *doctor.Snapshot) bool {
	for i := range s.Waypoints.Value {
		if strings.Contains(s.Waypoints.Value[i].Annotations[istio.ProxyConfigAnnotation], istio.ExitOnZeroMetadata) {
			return true
		}
	}
	return false
}
