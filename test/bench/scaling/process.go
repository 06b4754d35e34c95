package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/holdfast-mesh/holdfast/test/bench/load"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/reviews"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// process is a holdfast that runs.
type process struct {
	*cluster.Holdfast
	client *http.Client
	rules  string // its file; "": it has them from the ConfigMap
	made   int    // pods with new texts
}

// start starts a holdfast with rules in a file of its own.
func (b *bench) start(ctx context.Context, rules string) (*process, error) {
	return b.startWithFile(ctx, rules, cluster.HoldfastOptions{Args: []string{"--read-configmaps"}, Env: b.environment})
}

// startAlone starts one that knows of no cluster, and so stays the same whatever is made there.
func (b *bench) startAlone(ctx context.Context, rules string) (*process, error) {
	return b.startWithFile(ctx, rules, cluster.HoldfastOptions{Env: append([]string{"KUBECONFIG="}, b.environment...)})
}

func (b *bench) startWithFile(ctx context.Context, rules string, options cluster.HoldfastOptions) (*process, error) {
	folder, err := os.MkdirTemp(b.dir, "rules-")
	if err != nil {
		return nil, err
	}
	p := &process{rules: filepath.Join(folder, "rules.yaml")}
	if err := p.write(rules); err != nil {
		return nil, err
	}
	options.RulesFile = p.rules
	return p, b.install(ctx, p, options)
}

// startWithConfigMap starts a holdfast whose rules are in the ConfigMap.
func (b *bench) startWithConfigMap(ctx context.Context, rules string) (*process, error) {
	p := &process{}
	return p, b.install(ctx, p, cluster.HoldfastOptions{
		Args: []string{"--read-configmaps"}, Env: b.environment,
		Change: func(object *unstructured.Unstructured) {
			if object.GetKind() == "ConfigMap" {
				object.Object["data"] = map[string]any{admission.RulesKey: rules}
			}
		},
	})
}

// install starts the program, as deploy/install.yaml has it.
func (b *bench) install(ctx context.Context, p *process, options cluster.HoldfastOptions) (err error) {
	options.Binary, options.Args = b.holdfast, append(options.Args, "--drain=0s")
	if p.Holdfast, err = b.cluster.Install(ctx, options); err != nil {
		return err
	}
	p.client = p.Authority.Client()
	return settle(ctx)
}

// settle waits until a process has given back the memory that its last work needed.
func settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(500 * time.Millisecond):
		return nil
	}
}

// write puts a text where the process reads its rules.
func (p *process) write(rules string) error {
	if err := os.WriteFile(p.rules+".new", []byte(rules), 0o600); err != nil {
		return err
	}
	return os.Rename(p.rules+".new", p.rules)
}

func (p *process) stop() {
	p.client.CloseIdleConnections()
	p.Stop()
}

// hash is that of the rules in force, a line of the metrics.
func (p *process) hash(ctx context.Context) string {
	_, rest, _ := strings.Cut(p.Metrics(ctx), "\nholdfast_rules_info{")
	hash, _, _ := strings.Cut(rest, "}")
	return hash
}

var errNotInForce = errors.New("the rules are not in force 30 s after they were written")

// edit gives the process other rules, and returns when they are in force and nothing is loaded any
// more.
func (p *process) edit(ctx context.Context, give func() error) error {
	before := p.hash(ctx)
	if err := give(); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); p.hash(ctx) == before; {
		if time.Now().After(deadline) {
			return errNotInForce
		}
		time.Sleep(20 * time.Millisecond)
	}
	return settle(ctx)
}

// ask is a call that sends a review, each time the same one or with texts that are new.
func (p *process) ask(review []byte, patched, anew bool) load.Call {
	url := "https://" + p.Addr + admission.MutatePodsPath
	return func(ctx context.Context) (time.Duration, error) {
		body := review
		if anew {
			p.made++
			body = bytes.Replace(review, []byte(serial), fmt.Appendf(nil, "serial-%08d", p.made), 1)
		}
		begin := time.Now()
		status, answer, err := reviews.Post(ctx, p.client, url, body)
		took := time.Since(begin)
		if err == nil && (status != http.StatusOK || bytes.Contains(answer, []byte(`"patch":`)) != patched) {
			err = fmt.Errorf("got HTTP %d %s, want a patch %v", status, answer, patched)
		}
		return took, err
	}
}
