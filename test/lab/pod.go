package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
	"github.com/holdfast-mesh/holdfast/test/lab/machine"
	"github.com/holdfast-mesh/holdfast/test/lab/netns"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
	"github.com/holdfast-mesh/holdfast/test/lab/waypoint"
)

// proxyUID is the user of Istio's sidecar; the injected iptables rules let its packets pass.
const proxyUID = 1337

// pod is an admitted pod whose namespace and sidecar run.
type pod struct {
	*netns.Pod
	object  *corev1.Pod
	dir     string
	sidecar *machine.Process // nil without one
	istiod  string           // the revision that its proxy asks
	xds     net.Listener     // the way to istiod; nil without a sidecar
}

// admit creates the scenario's pod through the API server, with every webhook in place.
func admit(ctx context.Context, m *mesh.Mesh, s *scenario.Scenario) (*corev1.Pod, error) {
	request := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.Namespace(), Annotations: maps.Clone(s.Own),
			Labels: map[string]string{"app": s.Name, scenario.Selector: s.Name},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	}
	switch {
	case s.Waypoint:
		var err error
		if request, err = waypoint.Pod(ctx, m.Client, s.Namespace()); err != nil {
			return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
		}
	case s.NoSidecar:
		request.Labels["sidecar.istio.io/inject"] = "false"
	case s.Plain:
		metav1.SetMetaDataAnnotation(&request.ObjectMeta, "sidecar.istio.io/nativeSidecar", "false")
	case s.Ingress:
		// https://istio.io/latest/docs/setup/additional-setup/gateway/
		metav1.SetMetaDataAnnotation(&request.ObjectMeta, "inject.istio.io/templates", "gateway")
		request.Spec.Containers = []corev1.Container{{Name: mesh.ProxyContainer, Image: "auto"}}
	}
	request.Name, request.Spec.NodeName = s.Name, nodeName
	request.Spec.TerminationGracePeriodSeconds = ptr.To(int64(s.GracePeriod().Seconds()))
	created, _, err := m.CreatePod(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: creating its pod: %w", s.Name, err)
	}
	return created, checkAnnotations(s, created)
}

// checkAnnotations holds the admitted pod against what the scenario's rule must have done:
// a lab that measured pods which holdfast never saw would prove nothing.
func checkAnnotations(s *scenario.Scenario, pod *corev1.Pod) error {
	if sidecar := mesh.Container(pod, mesh.ProxyContainer) != nil; sidecar == s.NoSidecar {
		return fmt.Errorf("scenario %s: sidecar injected: got %t, want %t", s.Name, sidecar, !s.NoSidecar)
	}
	applied := pod.Annotations["holdfast.dev/applied"]
	if s.Annotated == nil && applied != "" {
		return fmt.Errorf("scenario %s: got annotation holdfast.dev/applied %s, want none: it has no rule", s.Name, applied)
	}
	name := s.Name
	if s.Gateway != "" {
		name = "gateways/" + name
	}
	if s.Annotated != nil && !strings.Contains(applied, `"`+name+`"`) {
		return fmt.Errorf("scenario %s: got annotation holdfast.dev/applied %q, want one that names %s", s.Name, applied, name)
	}
	for key, texts := range s.Annotated {
		for _, want := range texts {
			if got := pod.Annotations[key]; !strings.Contains(got, want) {
				return fmt.Errorf("scenario %s: annotation %s: got %q, want it to contain %q", s.Name, key, got, want)
			}
		}
	}
	return nil
}

// place makes the pod's place in the network, and its folder.
func (l *lab) place(ctx context.Context, s *scenario.Scenario, object *corev1.Pod) (*pod, error) {
	forgets := s.Forgets
	if s.IsProxy() {
		forgets = 0 // the middlebox is on the other side of it
	}
	place, err := l.network.AddPod(ctx, s.Name, forgets, s.IPv6)
	if err != nil {
		return nil, err
	}
	p := &pod{Pod: place, object: object, dir: filepath.Join(l.dir, "pods", s.Name)}
	if s.Waypoint {
		p.istiod = scenario.AmbientRevision
	}
	return p, os.MkdirAll(p.dir, 0o755)
}

// interceptTraffic runs the injected istio-init, with its own arguments.
func (l *lab) interceptTraffic(ctx context.Context, p *pod, init *corev1.Container) error {
	cmd := p.Command(ctx, l.tools.Agent, init.Args...)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("istio-init: %w: %s", err, out)
	}
	return os.WriteFile(filepath.Join(p.dir, "istio-init.log"), out, 0o644)
}

// startSidecar runs the injected istio-proxy, pilot-agent with its Envoy, with its own
// arguments and environment.
func (l *lab) startSidecar(ctx context.Context, p *pod, container *corev1.Container) error {
	env, err := sidecarEnvironment(p.object, container, p.Address.String())
	if err != nil {
		return err
	}
	if err := l.sidecarFiles(p); err != nil {
		return err
	}
	if err := l.bridgeToIstiod(p); err != nil {
		return err
	}
	args := append(as(proxyUID, "--pdeathsig", "KILL"), l.tools.Agent)
	for _, arg := range container.Args {
		args = append(args, strings.ReplaceAll(arg, "$(POD_NAMESPACE)", p.object.Namespace))
	}
	cmd := p.Command(context.WithoutCancel(ctx), args[0], args[1:]...)
	cmd.Dir, cmd.Env = p.dir, append(env, "PATH="+os.Getenv("PATH"))
	p.sidecar, err = l.processes.Start("sidecar-"+p.object.Name, cmd)
	return err
}

// awaitSidecar returns when the proxy is ready.
func (p *pod) awaitSidecar(ctx context.Context) error {
	return p.sidecar.Until(ctx, machine.WaitLong, func(ctx context.Context) error {
		_, err := p.get(ctx, 15021, "/healthz/ready")
		return err
	})
}

// sidecarEnvironment is the injected environment, less the limits that belong to a container
// of its own, and with the plaintext connection to istiod spelled out: the injector leaves
// the enum's zero value out of PROXY_CONFIG, and pilot-agent then takes mutual TLS.
func sidecarEnvironment(object *corev1.Pod, container *corev1.Container, address string) ([]string, error) {
	env, err := mesh.Environment(object, container, address)
	if err != nil {
		return nil, err
	}
	env = slices.DeleteFunc(env, func(pair string) bool {
		key, _, _ := strings.Cut(pair, "=")
		return slices.Contains([]string{"PROXY_CONFIG", "CA_ADDR", "GOMEMLIMIT", "GOMAXPROCS", "ISTIO_CPU_LIMIT"}, key)
	})
	config := map[string]any{}
	for _, e := range container.Env {
		if e.Name == "PROXY_CONFIG" {
			if err := json.Unmarshal([]byte(e.Value), &config); err != nil {
				return nil, fmt.Errorf("PROXY_CONFIG %s: %w", e.Value, err)
			}
		}
	}
	config["controlPlaneAuthPolicy"] = "NONE"
	text, err := json.Marshal(config)
	return append(env, "PROXY_CONFIG="+string(text), "CA_ADDR="+xdsAddress), err
}

// sidecarFiles makes what the image and the injected volumes would hold.
func (l *lab) sidecarFiles(p *pod) error {
	template, err := os.ReadFile(l.tools.Bootstrap)
	if err != nil {
		return err
	}
	for name, content := range map[string]string{
		// Waypoints start with an extension that tells who the other side is. Istio's Envoy alone has it.
		"var/lib/istio/envoy/envoy_bootstrap_tmpl.json": strings.ReplaceAll(string(template), "{{- if .metadata_discovery }}", "{{- if false }}"),
		"etc/istio/pod/labels":                          downward(p.object.Labels),
		"etc/istio/pod/annotations":                     downward(p.object.Annotations),
		"etc/istio/proxy/.keep":                         "",
		// The weakest place for it, below the container's environment and the pod's annotations:
		// it stands for Envoy's own hour where a waypoint has neither.
		"etc/istio/config/mesh":                     "defaultConfig:\n" + idleDefault,
		"var/lib/istio/data/.keep":                  "",
		"var/run/secrets/workload-spiffe-uds/.keep": "",
		// Never used: there is no authority here that signs, but pilot-agent wants the files.
		"var/run/secrets/istio/root-cert.pem": string(l.authority.PEM),
		"var/run/secrets/tokens/istio-token":  "none",
	} {
		path := filepath.Join(p.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	if err := waypoint.Identify(l.authority, filepath.Join(p.dir, "var/run/secrets/workload-spiffe-credentials"), p.object); err != nil {
		return err
	}
	return filepath.WalkDir(p.dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, proxyUID, proxyUID)
	})
}

// downward is how the kubelet writes labels and annotations into a file,
// https://kubernetes.io/docs/concepts/workloads/pods/downward-api/.
func downward(pairs map[string]string) string {
	var out strings.Builder
	for key, value := range pairs {
		fmt.Fprintf(&out, "%s=%q\n", key, value)
	}
	return out.String()
}

// bridgeToIstiod listens where the sidecar looks for istiod, inside its namespace, and
// carries every connection to the real one on the machine's loopback.
func (l *lab) bridgeToIstiod(p *pod) (err error) {
	if p.xds, err = p.Listen(xdsAddress); err != nil {
		return err
	}
	l.atEnd(func() { p.xds.Close() })
	go func() {
		for {
			near, err := p.xds.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer near.Close()
				far, err := net.DialTimeout("tcp", l.plane.Revision(p.istiod).XDS, 5*time.Second)
				if err != nil {
					return // the sidecar tries again
				}
				defer far.Close()
				go func() {
					_, _ = io.Copy(far, near) // an end is an end, whatever the reason
					far.Close()
				}()
				_, _ = io.Copy(near, far)
			}()
		}
	}()
	return nil
}
