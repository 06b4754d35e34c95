// Package live fetches from a cluster what verify needs of one running pod: the pod
// itself, and what its Envoy says on the admin port.
//
// That port listens on the pod's loopback only. So the API server is asked to forward
// to it, as kubectl port-forward and istioctl do.
package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/holdfast-mesh/holdfast/verify/dump"
	"github.com/holdfast-mesh/holdfast/verify/forward"
)

// adminPort is where Istio's Envoy answers to its own pod.
// Source: https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio
const adminPort = 15000

// Pod is what was fetched.
type Pod struct {
	// Manifest is the pod as JSON.
	Manifest []byte
	Dump     *dump.Dump
	Server   *dump.ServerInfo
}

// maxServerInfo bounds what is read of /server_info: 128 KB in practice, the
// bootstrap included.
const maxServerInfo = 16 << 20

// Fetch fetches it with the rights of config: to get the pod, and to create
// pods/portforward.
func Fetch(ctx context.Context, config *rest.Config, namespace, name string) (*Pod, error) {
	client, err := corev1.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	object, err := client.Pods(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("fetching pod %s/%s: %w", namespace, name, err)
	}
	object.APIVersion, object.Kind = "v1", "Pod" // which the client leaves out
	pod := &Pod{}
	if pod.Manifest, err = json.Marshal(object); err != nil {
		return nil, err
	}
	url := client.RESTClient().Post().Namespace(namespace).Resource("pods").Name(name).SubResource("portforward").URL()
	proxy, err := forward.Connect(ctx, config, url)
	if err != nil {
		return nil, explain(err, namespace, name)
	}
	defer proxy.Close()
	// Endpoints are not read, and left out: they are most of a large dump.
	err = ask(ctx, proxy, "/config_dump", func(body io.Reader) (err error) {
		pod.Dump, err = dump.Read(body)
		return err
	})
	if err != nil {
		return nil, explain(err, namespace, name)
	}
	err = ask(ctx, proxy, "/server_info", func(body io.Reader) (err error) {
		var text bytes.Buffer
		if _, err = text.ReadFrom(io.LimitReader(body, maxServerInfo)); err == nil {
			pod.Server, err = dump.ReadServerInfo(text.Bytes())
		}
		return err
	})
	return pod, explain(err, namespace, name)
}

// ask asks the admin port and hands the answer's body to read.
func ask(ctx context.Context, proxy *forward.Connection, path string, read func(io.Reader) error) error {
	return proxy.Get(ctx, adminPort, path, func(status int, body io.Reader) error {
		if status != http.StatusOK {
			return fmt.Errorf("GET %s: got status %d, want 200", path, status)
		}
		return read(body)
	})
}

// explain says what to do about what went wrong on the way to the proxy.
func explain(err error, namespace, name string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("asking the proxy of pod %s/%s through the API server: %w; it takes a running sidecar and the right "+
		"to create pods/portforward, or give its dump with --config-dump and --pod", namespace, name, err)
}
