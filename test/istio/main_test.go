// Package istio_test lets the real Istio judge what holdfast writes: pods go
// through a real API server with both webhooks, and the assertions are on what
// Istio's injector and istiod made of them.
package istio_test

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// Revisions of the shared mesh, each an istiod of its own, installed with other
// settings.
const (
	// plain is Istio's default revision: istio-proxy is a plain container.
	plain = ""
	// native puts istio-proxy among the init containers.
	native = "native"
	// excluding was installed with exclusions of its own.
	excluding = "excluding"
	// eager has webhooks with reinvocationPolicy IfNeeded.
	eager = "eager"
	// tag is a revision tag that points to excluding.
	tag = "stable"
)

// What revision excluding was installed with.
const (
	meshPorts  = "5432,8125"
	meshRanges = "192.0.2.0/24"
)

// sharedRules are in force unless a test says otherwise.
//
//go:embed testdata/rules.yaml
var sharedRules string

// shared is what one run starts once.
var shared struct {
	mesh     *mesh.Mesh
	holdfast *mesh.Holdfast
}

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "test/istio:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	ctx, start := context.Background(), time.Now()
	shared.mesh, err = mesh.Start(ctx, mesh.Options{Revisions: []mesh.Revision{
		{Name: plain},
		{Name: native, NativeSidecars: true},
		{Name: excluding, Tags: []string{tag}, ExcludeOutboundPorts: meshPorts, ExcludeIPRanges: meshRanges},
		{Name: eager, ReinvocationPolicy: "IfNeeded"},
	}})
	if err != nil {
		return 1, err
	}
	defer func() {
		if stopErr := shared.mesh.Stop(); err == nil && stopErr != nil {
			code, err = 1, stopErr
		}
	}()
	if shared.holdfast, err = shared.mesh.InstallHoldfast(ctx, mesh.HoldfastOptions{Rules: sharedRules}); err != nil {
		return 1, err
	}
	fmt.Printf("mesh with 4 revisions and holdfast ready after %.1f s\n", time.Since(start).Seconds())
	code = m.Run()
	if code != 0 {
		fmt.Fprint(os.Stderr, shared.holdfast.LogTail(40))
	}
	return code, nil
}
