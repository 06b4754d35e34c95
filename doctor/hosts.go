package doctor

import (
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// ServiceOf says which Service the host of a DestinationRule means; ok is false where
// it means none, or several.
// Source: https://istio.io/latest/docs/reference/config/networking/destination-rule/#DestinationRule (host)
func ServiceOf(host, namespace string) (service types.NamespacedName, ok bool) {
	if strings.Contains(host, "*") {
		return service, false
	}
	name, rest, dotted := strings.Cut(host, ".")
	if !dotted {
		return types.NamespacedName{Namespace: namespace, Name: name}, true
	}
	in, rest, _ := strings.Cut(rest, ".")
	kind, _, _ := strings.Cut(rest, ".")
	return types.NamespacedName{Namespace: in, Name: name}, kind == "svc"
}
