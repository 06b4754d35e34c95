package stage

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

// Resident is how much memory a variant's server has in use now.
func (s *Stage) Resident(v *variant.Variant) (report.Memory, error) {
	one := s.servers[v.Name]
	if one == nil {
		return report.Memory{}, fmt.Errorf("%s: no server", v.Name)
	}
	return report.MemoryOf(one.pid)
}

// Goroutines is how many a holdfast has now, by its own metrics.
func (s *Stage) Goroutines(ctx context.Context, v *variant.Variant) (int, error) {
	families, err := metrics(strings.NewReader(s.servers[v.Name].metrics(ctx)))
	if err != nil {
		return 0, err
	}
	list := families["go_goroutines"].GetMetric()
	if len(list) != 1 {
		return 0, fmt.Errorf("%s: got %d metrics go_goroutines, want one", v.Name, len(list))
	}
	return int(list[0].GetGauge().GetValue()), nil
}

// metrics reads the text of metrics.
func metrics(text io.Reader) (map[string]*dto.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(text)
}

// Follows reports whether a holdfast answers by rules that ask for so many hours.
func (s *Stage) Follows(ctx context.Context, v *variant.Variant, hours int) (bool, error) {
	one := s.servers[v.Name]
	answer, err := reviews.Ask(ctx, one.client, one.url, s.reviews[reviewKey{pods.Typical, v.Evidence}])
	if err != nil {
		return false, err
	}
	annotations, err := added(answer.Patch)
	return asks(annotations, hours), err
}

// MakeNamespaces makes more namespaces, as in a large cluster.
func (s *Stage) MakeNamespaces(ctx context.Context, n int) error {
	for i := range n {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name:   fmt.Sprintf("team-%d", i),
			Labels: map[string]string{"holdfast.dev/enabled": "true", "istio-injection": "enabled", "team": strconv.Itoa(i), "environment": "production"},
		}}
		if err := s.Cluster.Client.Create(ctx, namespace); err != nil {
			return err
		}
	}
	return nil
}
