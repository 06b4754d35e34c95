package stage

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/cluster"
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

// CPUTime is how long a variant's server has used a core so far.
func (s *Stage) CPUTime(v *variant.Variant) (time.Duration, error) {
	return cluster.CPUTime(s.servers[v.Name].pid)
}

// Goroutines is how many a holdfast has now, by its own metrics.
func (s *Stage) Goroutines(ctx context.Context, v *variant.Variant) (int, error) {
	m, err := s.metric(ctx, v, "go_goroutines")
	return int(m.GetGauge().GetValue()), err
}

// Spent is how many reviews a variant's server has answered, and how long that took it, by its
// own metrics.
func (s *Stage) Spent(ctx context.Context, v *variant.Variant) (reviews int, took time.Duration, err error) {
	m, err := s.metric(ctx, v, variant.Duration)
	// It is the one or the other; the getters of what it is not return zero.
	count := m.GetHistogram().GetSampleCount() + m.GetSummary().GetSampleCount()
	sum := m.GetHistogram().GetSampleSum() + m.GetSummary().GetSampleSum()
	return int(count), time.Duration(sum * float64(time.Second)), err
}

// metric is a metric without labels of a variant's server.
func (s *Stage) metric(ctx context.Context, v *variant.Variant, name string) (*dto.Metric, error) {
	one := s.servers[v.Name]
	families, err := metrics(ctx, one.client, one.metrics)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v.Name, err)
	}
	list := families[name].GetMetric()
	if len(list) != 1 {
		return nil, fmt.Errorf("%s: got %d metrics %s, want one", v.Name, len(list), name)
	}
	return list[0], nil
}

// metrics reads the metrics at a URL.
func metrics(ctx context.Context, client *http.Client, url string) (map[string]*dto.MetricFamily, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(response.Body)
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
