package istio

// InjectionFacts is what decides whether Istio's injector adds a sidecar.
type InjectionFacts struct {
	Namespace            string
	NamespaceLabels      map[string]string
	NamespaceLabelsKnown bool // false: decide from the pod alone
	PodLabels            map[string]string
	PodAnnotations       map[string]string
	HostNetwork          bool
}

// Injection says whether a pod will have a sidecar.
type Injection int

const (
	// InjectionUnlabelled: no label asks for a sidecar and none forbids it. An
	// injector installed with enableNamespacesByDefault adds one, others do not.
	InjectionUnlabelled Injection = iota
	// InjectionSidecar: a label asks for a sidecar and nothing forbids it.
	InjectionSidecar
	// InjectionNone: no injector will add a traffic-capturing sidecar.
	InjectionNone
)

// WillInject decides as Istio's default webhook selectors and its injector do.
// detail says in a few words what decided, for example "pod label
// sidecar.istio.io/inject is false". With unknown namespace labels the verdict
// is never InjectionNone because of a namespace label.
func WillInject(f InjectionFacts) (verdict Injection, detail string) { panic("skeleton") }
