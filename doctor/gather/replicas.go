package gather

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/verify/forward"
)

// replicas lists the Deployment's pods and asks each by way of the API server.
func (g *gatherer) replicas(ctx context.Context) {
	s := g.snapshot
	if s.Deployment.Value == nil {
		s.Replicas.Unseen = s.Deployment.Unseen
		return
	}
	selector, err := metav1.LabelSelectorAsSelector(s.Deployment.Value.Spec.Selector)
	if err != nil {
		s.Replicas.Unseen = fmt.Sprintf("the Deployment's selector cannot be read: %v", err)
		return
	}
	var pods []corev1.Pod
	s.Replicas.Unseen = list(ctx, g, "pods", &corev1.PodList{}, func(page *corev1.PodList) {
		for _, p := range page.Items {
			if p.DeletionTimestamp == nil && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
				pods = append(pods, p)
			}
		}
	}, client.InNamespace(s.Namespace), client.MatchingLabelsSelector{Selector: selector})
	s.Replicas.Value = make([]doctor.Replica, len(pods))
	each(ctx, len(pods), func(i int) { s.Replicas.Value[i] = g.replica(ctx, &pods[i]) })
}

// replica asks one pod.
func (g *gatherer) replica(ctx context.Context, pod *corev1.Pod) doctor.Replica {
	r := doctor.Replica{Name: pod.Name, Ready: isReady(pod), State: notRunning(pod)}
	if r.State != "" {
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	core, err := typedcore.NewForConfig(g.config)
	if err == nil {
		url := core.RESTClient().Post().Namespace(pod.Namespace).Resource("pods").Name(pod.Name).SubResource("portforward").URL()
		var to *forward.Connection
		if to, err = forward.Connect(ctx, g.config, url); err == nil {
			defer to.Close()
			g.ask(ctx, to, pod, &r)
			return r
		}
	}
	why := fmt.Sprintf("forwarding to it: %v; it takes the right to create pods/portforward in namespace %s", err, pod.Namespace)
	r.Readyz.Unseen, r.Hash.Unseen, r.Chain.Unseen = why, why, why
	return r
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// notRunning is why no process of a pod can be asked, as its status says.
func notRunning(pod *corev1.Pod) string {
	for _, c := range pod.Status.ContainerStatuses {
		switch {
		case c.State.Waiting != nil:
			return strings.TrimSuffix(c.State.Waiting.Reason+": "+c.State.Waiting.Message, ": ")
		case c.State.Terminated != nil:
			return fmt.Sprintf("ended with exit code %d: %s", c.State.Terminated.ExitCode, c.State.Terminated.Reason)
		}
	}
	if pod.Status.Phase == corev1.PodRunning {
		return ""
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Reason + ": " + c.Message
		}
	}
	return "phase " + string(cmp.Or(pod.Status.Phase, corev1.PodPending))
}

// ask asks the three ports of a running pod.
func (g *gatherer) ask(ctx context.Context, to *forward.Connection, pod *corev1.Pod, r *doctor.Replica) {
	health, metrics, webhook := portOf(pod, "health", 8081), portOf(pod, "metrics", 8080), portOf(pod, "webhook", 9443)
	var err error
	r.Readyz.Value, err = text(ctx, to, health, "/readyz")
	r.Readyz.Unseen = unasked(err, health)
	answer, err := text(ctx, to, metrics, "/metrics")
	if err == nil {
		r.Hash.Value, err = hashIn(answer)
	}
	r.Hash.Unseen = unasked(err, metrics)
	r.Chain.Value, err = chain(ctx, to, webhook, g.snapshot.Namespace)
	r.Chain.Unseen = unasked(err, webhook)
}

func unasked(err error, port uint16) string {
	if err == nil {
		return ""
	}
	return fmt.Sprintf("port %d: %v", port, err)
}

func portOf(pod *corev1.Pod, name string, otherwise uint16) uint16 {
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == name {
				return uint16(p.ContainerPort)
			}
		}
	}
	return otherwise
}

// maxAnswer bounds what is read of one answer; metrics are some 30 KB.
const maxAnswer = 4 << 20

// text is what a GET answers, whatever its status: /readyz says why with 503.
func text(ctx context.Context, to *forward.Connection, port uint16, path string) (string, error) {
	var body bytes.Buffer
	err := to.Get(ctx, port, path, func(status int, answer io.Reader) error {
		if status != http.StatusOK && status != http.StatusServiceUnavailable {
			return fmt.Errorf("GET %s: got status %d, want 200", path, status)
		}
		_, err := body.ReadFrom(io.LimitReader(answer, maxAnswer))
		return err
	})
	return body.String(), err
}

// rulesInfo is the metric whose label hash is that of the rules in force.
const rulesInfo = "holdfast_rules_info"

// errNoMetrics is about a port that answers without holdfast's metrics.
var errNoMetrics = errors.New("it has no metric of holdfast")

// hashIn finds the hash in the text of /metrics; empty where no rules are in force.
func hashIn(metrics string) (string, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(metrics))
	if err != nil {
		return "", err
	}
	if families["holdfast_rules"] == nil {
		return "", errNoMetrics
	}
	for _, m := range families[rulesInfo].GetMetric() {
		for _, label := range m.GetLabel() {
			if label.GetName() == "hash" {
				return label.GetValue(), nil
			}
		}
	}
	return "", nil
}

// chain is what a port serves for TLS; none if it ends the handshake without one.
func chain(ctx context.Context, to *forward.Connection, port uint16, namespace string) (certificates []*x509.Certificate, err error) {
	err = to.Do(ctx, port, func(stream io.ReadWriteCloser) error {
		connection := tls.Client(streamConn{stream}, &tls.Config{
			ServerName: "holdfast." + namespace + ".svc",
			MinVersion: tls.VersionTLS12,
			// What is served is looked at, and nothing is sent to it: the checks judge
			// it as API servers do, and say what is wrong.
			InsecureSkipVerify: true,
			// Called before a server can ask for a certificate of ours and refuse.
			VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
				for _, der := range raw {
					c, err := x509.ParseCertificate(der)
					if err != nil {
						return err
					}
					certificates = append(certificates, c)
				}
				return nil
			},
		})
		err := connection.HandshakeContext(ctx)
		// An alert of the other side, which is how a server without a certificate ends it.
		var alert *net.OpError
		if certificates != nil || errors.As(err, &alert) && alert.Op == "remote error" {
			return nil
		}
		return err
	})
	return certificates, err
}

// streamConn makes a stream what TLS wants to have.
type streamConn struct{ io.ReadWriteCloser }

func (streamConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (streamConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (streamConn) SetDeadline(time.Time) error      { return nil }
func (streamConn) SetReadDeadline(time.Time) error  { return nil }
func (streamConn) SetWriteDeadline(time.Time) error { return nil }
