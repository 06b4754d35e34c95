package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/reviews"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// matching is the rule of pods that show an address. All that it asks for fits into two
// annotations, the same for every pod.
const matching = `- name: sessions
  destinations: {middleware: [redis]}
  workloads: {referencing: true}
  strategy: {idleTimeout: %dh}
`

// usual is how many hours the rule asks for.
const usual = 48

// startHoldfasts starts a holdfast for each variant that is one: with the configuration, the
// arguments and the environment of deploy/install.yaml, but rules and certificate from files.
func (s *Stage) startHoldfasts(ctx context.Context, program string) error {
	container, err := cluster.Deployed()
	if err != nil {
		return err
	}
	for i := range s.Variants {
		v := &s.Variants[i]
		if v.Rules == 0 {
			continue
		}
		if err := s.SetRules(v, usual); err != nil {
			return err
		}
		log, err := s.logFile(v)
		if err != nil {
			return err
		}
		defer log.Close()
		var problem error
		h, err := s.Cluster.Install(ctx, cluster.HoldfastOptions{
			Binary: program, RulesFile: s.rulesFile(v), Output: log,
			Args: append([]string{"--read-configmaps", "--drain=0s"}, v.Args...), Env: cluster.Environment(&container),
			Change: func(object *unstructured.Unstructured) {
				if object.GetKind() == mutating {
					problem = choose(object, v.Name)
				}
			},
		})
		if err != nil {
			return fmt.Errorf("%s: %w; its log is %s", v.Name, err, log.Name())
		}
		s.servers[v.Name] = &server{"https://" + h.Addr + admission.MutatePodsPath, h.MetricsURL, h.Authority.Client(), h.Pid(), h.Stop}
		if problem != nil {
			return problem
		}
	}
	return nil
}

// asks reports whether annotations ask for so many hours.
func asks(annotations map[string]string, hours int) bool {
	return strings.Contains(annotations[istio.ProxyConfigAnnotation], fmt.Sprintf("ISTIO_META_IDLE_TIMEOUT: \"%dh\"", hours))
}

// SetRules gives a holdfast its rules anew, those that match with so many hours. It follows within
// a second.
func (s *Stage) SetRules(v *variant.Variant, hours int) error {
	file := s.rulesFile(v)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	text := reviews.ManyRules(v.Rules-1) + fmt.Sprintf(matching, hours)
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func (s *Stage) rulesFile(v *variant.Variant) string {
	return filepath.Join(s.dir, "rules", v.Name, "rules.yaml")
}

// startOthers starts the servers of test/bench/server, in the configuration that holdfast has.
func (s *Stage) startOthers(ctx context.Context) error {
	program, err := cluster.BuildPackage(s.dir, "./test/bench/server")
	if err != nil {
		return err
	}
	patch, annotations := filepath.Join(s.dir, "patch.json"), filepath.Join(s.dir, "annotations.json")
	if err := os.WriteFile(patch, s.patch, 0o600); err != nil {
		return err
	}
	wanted, err := json.Marshal(s.wanted)
	if err != nil {
		return err
	}
	if err := os.WriteFile(annotations, wanted, 0o600); err != nil {
		return err
	}
	for i := range s.Variants {
		v := &s.Variants[i]
		if v.Mode == "" {
			continue
		}
		args := []string{"-mode", v.Mode, "-cert-dir", s.certDir(), "-annotations", annotations}
		if v.Patches {
			args = append(args, "-patch", patch)
		}
		if err := s.startOther(ctx, v, program, args); err != nil {
			return fmt.Errorf("%s: %w", v.Name, err)
		}
	}
	return nil
}

func (s *Stage) startOther(ctx context.Context, v *variant.Variant, program string, args []string) error {
	addresses, err := cluster.FreeAddresses(1)
	if err != nil {
		return err
	}
	log, err := s.logFile(v)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(program, append(args, "-address", addresses[0])...)
	command.Stderr = log
	if err := command.Start(); err != nil {
		return err
	}
	s.servers[v.Name] = &server{
		"https://" + addresses[0] + admission.MutatePodsPath, "https://" + addresses[0] + variant.MetricsPath, s.authority.Client(), command.Process.Pid,
		func() {
			_ = command.Process.Signal(syscall.SIGTERM)
			_ = command.Wait()
		},
	}
	return s.configure(ctx, v.Name, addresses[0])
}

// askForPatch asks holdfast for its patch. Every size must get the same: the bare server has
// one.
func (s *Stage) askForPatch(ctx context.Context) error {
	first := s.servers[variant.Holdfast(variant.Few, pods.Plain)]
	for size := range pods.Sizes {
		answer, err := reviews.Ask(ctx, first.client, first.url, s.reviews[reviewKey{pods.Size(size), pods.Plain}])
		if err != nil {
			return err
		}
		if s.patch != nil && string(answer.Patch) != string(s.patch) {
			return fmt.Errorf("a %s pod gets the patch %s, want that of others: %s", pods.Sizes[size], answer.Patch, s.patch)
		}
		s.patch = answer.Patch
	}
	var err error
	if s.wanted, err = added(s.patch); err != nil {
		return err
	}
	if !asks(s.wanted, usual) {
		return fmt.Errorf("got the patch %s, want the %d h of the rule", s.patch, usual)
	}
	return nil
}
