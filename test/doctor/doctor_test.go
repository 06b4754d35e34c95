package doctor

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/doctor"
)

func runRender(path string) ([]byte, error) {
	return exec.Command(shared.binary, "render", "-f", path).Output()
}

// runDoctor runs the program and returns what it printed.
func runDoctor(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(t.Context(), shared.binary, append([]string{"doctor"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), problems.String(), cmd.ProcessState.ExitCode()
}

// diagnose runs it with -o json.
func diagnose(t *testing.T, kubeconfig string, args ...string) (doctor.Report, int) {
	t.Helper()
	stdout, stderr, code := runDoctor(t, append([]string{"--kubeconfig", kubeconfig, "-o", "json"}, args...)...)
	var report doctor.Report
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || stderr != "" {
		t.Fatalf("got exit code %d, %v, %s%s", code, err, stdout, stderr)
	}
	return report, code
}

// codes are those of all findings, sorted, each once.
func codes(r *doctor.Report) (list []string) {
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			list = append(list, string(f.Code))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// unseen is what was not checked.
func unseen(r *doctor.Report) (list []string) {
	for _, c := range r.Checks {
		for _, text := range c.NotChecked {
			list = append(list, string(c.Check)+": "+text)
		}
	}
	return list
}

// A healthy cluster gives no alarm, everything is looked at, and nothing is changed:
// the API server's audit log has no write that is no dry run.
func TestHealthy(t *testing.T) {
	report, code := diagnose(t, shared.kubeconfig)
	if got := codes(&report); got != nil || code != 0 {
		t.Errorf("got exit code %d and %s", code, pretty(&report))
	}
	if got := unseen(&report); got != nil {
		t.Errorf("not checked: %q, want everything checked", got)
	}
	if len(report.Checks) != len(doctor.Names()) {
		t.Errorf("got %d checks, want %d", len(report.Checks), len(doctor.Names()))
	}
	for _, c := range report.Checks {
		if c.Status != doctor.Fine || c.Seen == "" {
			t.Errorf("%s: got status %s and %q, want it fine and what was seen", c.Check, c.Status, c.Seen)
		}
	}
	stdout, stderr, code := runDoctor(t, "--kubeconfig", shared.kubeconfig)
	if code != 0 || stderr != "" || !strings.Contains(stdout, "\n0 problems, 0 warnings, 0 things not checked\n") || strings.Contains(stdout, "\x1b") {
		t.Errorf("got exit code %d, %s%s", code, stdout, stderr)
	}
	changesNothing(t)
}

// Where holdfast makes its certificates itself, the same holds against its own Secret.
func TestHealthySelfSigned(t *testing.T) {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: own, Name: "holdfast-ca"},
		Data:       map[string][]byte{"ca.crt": shared.holdfast.Authority.PEM, "ca.key": []byte("secret")},
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: own, Name: "holdfast"}}
	patched(deployment, `[{"op":"replace","path":"/spec/template/spec/containers/0/args/2","value":"--self-signed"}]`)(t)
	if err := shared.client.Create(t.Context(), secret.DeepCopy()); err != nil { // the manifest may have brought it, empty
		secret.ResourceVersion = ""
		set(t, func() error { return shared.client.Update(t.Context(), secret) })
	}
	t.Cleanup(func() { remove(t, secret) })
	if report, code := diagnose(t, shared.kubeconfig); codes(&report) != nil || unseen(&report) != nil || code != 0 {
		t.Errorf("got exit code %d and %s", code, pretty(&report))
	}
	secret.Data["ca.crt"] = nil
	set(t, func() error { return shared.client.Update(t.Context(), secret) })
	if report, _ := diagnose(t, shared.kubeconfig); !slices.Equal(codes(&report), []string{"SecretMissing"}) {
		t.Errorf("with an empty Secret: got %s", pretty(&report))
	}
}

// changesNothing reads the audit log for what doctor asked for.
func changesNothing(t *testing.T) {
	t.Helper()
	data, err := os.ReadFile(shared.auditLog)
	if err != nil {
		t.Fatal(err)
	}
	reads, dryRuns, forwards := 0, 0, 0
	for line := range bytes.Lines(data) {
		var event struct {
			Verb, RequestURI, UserAgent string
			ObjectRef                   struct{ Resource, Subresource string }
		}
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		forward := event.ObjectRef.Subresource == "portforward"
		switch {
		case forward:
			forwards++
		case event.UserAgent != "holdfast-doctor":
		case slices.Contains([]string{"get", "list"}, event.Verb):
			reads++
		case event.Verb == "create" && event.ObjectRef.Resource == "pods" && strings.Contains(event.RequestURI, "dryRun=All"):
			dryRuns++
		default:
			t.Errorf("got %s %s, want reads and dry runs only", event.Verb, event.RequestURI)
		}
	}
	if reads == 0 || dryRuns == 0 || forwards == 0 {
		t.Errorf("saw %d reads, %d dry runs, %d forwardings: the audit log does not show what was done", reads, dryRuns, forwards)
	}
}

func pretty(r *doctor.Report) string {
	text, _ := json.MarshalIndent(r, "", "  ")
	return string(text)
}

// settled asks until the codes are those wanted, a few times: the API server takes a
// moment to call webhooks as their configurations say by now.
func settled(t *testing.T, want []string) (report doctor.Report, code int) {
	t.Helper()
	for range 10 {
		if report, code = diagnose(t, shared.kubeconfig); slices.Equal(codes(&report), want) {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	return report, code
}

// Each fault is named by its code, with what follows from it and nothing else, and
// comes with a fix that names what to change.
func TestFaults(t *testing.T) {
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			f.plant(t)
			report, code := settled(t, f.want)
			if diff := cmp.Diff(f.want, codes(&report)); diff != "" {
				t.Errorf("codes (-want +got):\n%s%s", diff, pretty(&report))
			}
			want := 0
			if report.Failed() {
				want = 1
			}
			if code != want {
				t.Errorf("got exit code %d, want %d", code, want)
			}
			found := false
			for _, c := range report.Checks {
				for _, finding := range c.Findings {
					if finding.Fix == "" || finding.Why == "" || finding.Found == "" {
						t.Errorf("%s lacks a part: %+v", finding.Code, finding)
					}
					found = found || strings.Contains(finding.Object+" "+finding.Found+" "+finding.Fix, f.says)
				}
			}
			if !found {
				t.Errorf("nothing says %q: %s", f.says, pretty(&report))
			}
		})
	}
	// All of them were mended again, so the next finding is about the next fault.
	if report, _ := settled(t, nil); codes(&report) != nil {
		t.Errorf("after all faults were mended: %s", pretty(&report))
	}
	changesNothing(t)
}
