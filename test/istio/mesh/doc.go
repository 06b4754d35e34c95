// Package mesh runs a small but real Istio mesh on loopback, for tests and for
// the lab: kube-apiserver and etcd, Istio's CRDs, injector and mesh settings as
// Istio's own charts render them, one istiod per revision (injection over TLS,
// xDS in plaintext), and holdfast as users install it.
//
// Nothing in it knows of *testing.T. A Mesh starts in a few seconds, holds its
// logs in one folder, and stops every process that it started; a process that
// dies without stopping it takes them along.
//
//	m, err := mesh.Start(ctx, mesh.Options{})
//	if err != nil { ... }
//	defer m.Stop()
//	hf, err := m.InstallHoldfast(ctx, mesh.HoldfastOptions{Rules: rules})
//	m.Namespace(ctx, "shop", map[string]string{"istio-injection": "enabled", "holdfast.dev/enabled": "true"})
//	pod, warnings, err := m.CreatePod(ctx, pod)
package mesh
