package envoyfilters

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// unfinished selects pods that run or will: the others have no connections.
var unfinished = fields.AndSelectors(
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
)

// carriedBy returns which values of keepalive unfinished pods carry, in any
// namespace. It reads their metadata, page by page, and keeps none of it.
//
// A value counts wherever it stands in a pod's ProxyConfig, so that one too many
// is kept rather than one too few: an author may have written it there.
func (m *Manager) carriedBy(ctx context.Context, values []string) (map[string]bool, error) {
	carried := map[string]bool{}
	list := &metav1.PartialObjectMetadataList{}
	for {
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
		limited, cancel := context.WithTimeout(ctx, requestTimeout)
		err := m.client.List(limited, list, client.MatchingFieldsSelector{Selector: unfinished}, client.Limit(m.perPage), client.Continue(list.Continue))
		cancel()
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			annotations := list.Items[i].Annotations
			for _, value := range values {
				if annotations[rules.KeepaliveAnnotation] == value || strings.Contains(annotations[istio.ProxyConfigAnnotation], value) {
					carried[value] = true
				}
			}
		}
		if list.Continue == "" {
			return carried, nil
		}
	}
}
