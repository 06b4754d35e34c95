package doctor

import (
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/doctor"
)

// userWith is a user with these rights and no others. Those with a namespace are of
// that namespace.
func userWith(t *testing.T, name string, everywhere []rbacv1.PolicyRule, in map[string][]rbacv1.PolicyRule) (kubeconfig string) {
	t.Helper()
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: name}}
	ref := func(kind string) rbacv1.RoleRef {
		return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
	}
	with(constant(
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: everywhere},
		&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: ref("ClusterRole"), Subjects: subjects},
	))(t)
	for namespace, rules := range in {
		meta := metav1.ObjectMeta{Namespace: namespace, Name: name}
		with(constant(
			&rbacv1.Role{ObjectMeta: meta, Rules: rules},
			&rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref("Role"), Subjects: subjects},
		))(t)
	}
	kubeconfig, err := shared.cluster.Kubeconfig(t.TempDir(), name)
	if err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

func can(verb, group, resource string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}}
}

// Without any right nothing is alarming and nothing is fine: every check says what it
// takes, and the exit code is no all-clear.
func TestNoRights(t *testing.T) {
	report, code := diagnose(t, userWith(t, "nobody", nil, nil))
	if got := codes(&report); got != nil || code != 1 {
		t.Errorf("got exit code %d and codes %q, want 1 and none", code, got)
	}
	for _, c := range report.Checks {
		if c.Status != doctor.NotChecked || len(c.NotChecked) == 0 {
			t.Errorf("%s: got status %s and %q, want NotChecked with what it takes", c.Check, c.Status, c.NotChecked)
		}
	}
}

// What is missing of the rights is missing of the report, and nothing else.
func TestRightsOfOneKind(t *testing.T) {
	all := []rbacv1.PolicyRule{
		can("*", "admissionregistration.k8s.io", "*"), can("*", "apps", "*"), can("*", "cert-manager.io", "*"), can("*", "", "*"),
	}
	for _, resource := range []string{"envoyfilters", "serviceentries", "proxyconfigs"} {
		all = append(all, can("list", "networking.istio.io", resource))
	}
	report, code := diagnose(t, userWith(t, "all-but-one", all, nil))
	want := []string{"overrides: forbidden to list destinationrules.networking.istio.io; ask for that right (kubectl auth can-i list destinationrules.networking.istio.io -A)"}
	if got := unseen(&report); !slices.Equal(got, want) || codes(&report) != nil || code != 0 {
		t.Errorf("got exit code %d, codes %q and %q, want 0, none and %q", code, codes(&report), got, want)
	}
}

// No right to forward: what only the pods know is not judged, and the pods' own status is.
func TestNoForwarding(t *testing.T) {
	notReady(t)
	read := []rbacv1.PolicyRule{can("list", "admissionregistration.k8s.io", "*"), can("get", "apps", "deployments")}
	for _, resource := range []string{"pods", "configmaps", "secrets"} {
		read = append(read, can("get", "", resource), can("list", "", resource))
	}
	read = append(read, can("list", "cert-manager.io", "*"))
	report, code := diagnose(t, userWith(t, "reader", read, nil), "--only", "replicas,rules,certificates")
	if got := codes(&report); !slices.Equal(got, []string{"ReplicaNotReady"}) || code != 1 {
		t.Errorf("got exit code %d and codes %q, want 1 and ReplicaNotReady alone: %s", code, got, pretty(&report))
	}
	said := strings.Join(unseen(&report), "\n")
	for _, want := range []string{
		"rules: the rules in force in pod holdfast-a: forwarding to it: ", "certificates: the certificate of pod holdfast-b: forwarding to it: ",
		"; it takes the right to create pods/portforward in namespace holdfast-system",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("got %q, want it to say %q", said, want)
		}
	}
}

// The check that the chart's test runs takes two rights, and one with a namespace.
func TestReachabilityAlone(t *testing.T) {
	pods := map[string][]rbacv1.PolicyRule{"shop": {can("create", "", "pods")}}
	t.Run("of all opted-in namespaces", func(t *testing.T) {
		kubeconfig := userWith(t, "lister", []rbacv1.PolicyRule{can("list", "", "namespaces")}, pods)
		report, code := diagnose(t, kubeconfig, "--only", "reachability")
		if code != 0 || len(report.Checks) != 1 || report.Checks[0].Seen != "holdfast answered for dry-run pods in 1 namespace" {
			t.Errorf("got exit code %d and %s", code, pretty(&report))
		}
	})
	t.Run("of one", func(t *testing.T) {
		kubeconfig := userWith(t, "creator", nil, pods)
		if report, code := diagnose(t, kubeconfig, "--only", "reachability", "-n", "shop"); code != 0 || report.Checks[0].Status != doctor.Fine || report.Checks[0].NotChecked != nil {
			t.Errorf("got exit code %d and %s", code, pretty(&report))
		}
		if report, code := diagnose(t, kubeconfig, "--only", "reachability"); code != 1 || report.Checks[0].Status != doctor.NotChecked {
			t.Errorf("without -n: got exit code %d and %s, want 1 and NotChecked", code, pretty(&report))
		}
	})
	t.Run("and holdfast does not answer", func(t *testing.T) {
		kubeconfig := userWith(t, "plain", nil, map[string][]rbacv1.PolicyRule{"plain": {can("create", "", "pods")}})
		report, code := diagnose(t, kubeconfig, "--only", "reachability", "-n", "plain") // not opted in
		if code != 1 || !slices.Equal(codes(&report), []string{"NotReached"}) {
			t.Errorf("got exit code %d and %s", code, pretty(&report))
		}
	})
}
