package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// serveController serves a handler as programs built on controller-runtime do: in a manager,
// with clients for an API server. This one watches nothing, so that it has the least memory that
// such a program has.
func serveController(ctx context.Context, address, certs string, handler admission.Handler) error {
	ctrllog.SetLogger(zap.New())
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	server := webhook.NewServer(webhook.Options{
		Host: host, Port: number, CertDir: certs,
		TLSOpts: []func(*tls.Config){func(c *tls.Config) {
			c.MinVersion = tls.VersionTLS13
			// API servers ask Services over HTTP/1.1, and only addresses like 127.0.0.1 over
			// HTTP/2 where it is offered: here it is not, so that it is as in a cluster.
			// Source: https://github.com/kubernetes/apiserver/blob/v0.36.3/pkg/util/webhook/client.go (isLocalHost)
			c.NextProtos = []string{"http/1.1"}
		}},
	})
	m, err := manager.New(&rest.Config{Host: "https://127.0.0.1:1"}, manager.Options{ // nobody is asked there
		WebhookServer: server, Metrics: metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	// Every path: this program has no package of holdfast, which its memory would contain.
	m.GetWebhookServer().Register("/", &webhook.Admission{Handler: handler})
	return m.Start(ctx)
}

// allow changes nothing.
type allow struct{}

// Handle allows.
func (allow) Handle(context.Context, admission.Request) admission.Response {
	return admission.Allowed("")
}

// annotate sets annotations the way the books have it.
type annotate struct {
	decoder     admission.Decoder
	annotations map[string]string
}

func newAnnotate() *annotate {
	scheme := runtime.NewScheme()
	_ = corev1.AddToScheme(scheme) // fails for types that are no objects only
	return &annotate{decoder: admission.NewDecoder(scheme)}
}

// Handle decodes the pod, changes it, encodes it, and compares both texts.
func (a *annotate) Handle(_ context.Context, request admission.Request) admission.Response {
	pod := &corev1.Pod{}
	if err := a.decoder.Decode(request, pod); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	maps.Copy(pod.Annotations, a.annotations)
	changed, err := json.Marshal(pod)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, changed)
}
