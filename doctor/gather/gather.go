// Package gather asks a cluster for what the checks of doctor judge. It changes
// nothing: it reads, creates pods in dry runs only, and forwards to ports of
// holdfast's own pods. What its caller may not ask for is said in the snapshot.
package gather

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	admissionregistration "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// Options say where to look.
type Options struct {
	// Namespace is holdfast's; empty: where its webhook configuration points, else
	// DefaultNamespace.
	Namespace string
	// Only tries pods in this namespace alone; empty: in opted-in ones.
	Only string
	// Checks are those that the snapshot is for.
	Checks []doctor.Name
}

// DefaultNamespace is where holdfast is, if nothing else tells.
const DefaultNamespace = "holdfast-system"

// The names that every installation has, whatever the release is called.
const (
	deploymentName = "holdfast"
	rulesName      = "holdfast-rules"
)

// gatherer fills a snapshot.
type gatherer struct {
	Options
	client   client.Client
	config   *rest.Config
	snapshot *doctor.Snapshot
}

// Snapshot asks. An error means that the cluster cannot be reached, does not know
// its caller, or that ctx has ended.
func Snapshot(ctx context.Context, config *rest.Config, o Options) (*doctor.Snapshot, error) {
	g, err := newGatherer(config, o)
	if err != nil {
		return nil, err
	}
	if err := g.reach(ctx); err != nil {
		return nil, err
	}
	// Where holdfast is, and with which flags: every check goes by that.
	g.mutating(ctx)
	g.deployment(ctx)
	for _, step := range []struct {
		take   func(context.Context)
		checks []doctor.Name // that need it
	}{
		{g.validating, []doctor.Name{doctor.Webhooks, doctor.Certificates}},
		{g.services, []doctor.Name{doctor.Webhooks}},
		{g.rules, []doctor.Name{doctor.Rules, doctor.Policies, doctor.Namespaces, doctor.Istio, doctor.MeshObjects, doctor.Overrides, doctor.Gateways}},
		{g.namespaces, []doctor.Name{doctor.Reachability, doctor.Policies, doctor.Namespaces, doctor.Overrides, doctor.Gateways}},
		{g.replicas, []doctor.Name{doctor.Replicas, doctor.Certificates, doctor.Rules}},
		{g.secret, []doctor.Name{doctor.Certificates}},
		{g.certManager, []doctor.Name{doctor.CertManager, doctor.Certificates}},
		{g.sidecars, []doctor.Name{doctor.Namespaces}},
		{g.probes, []doctor.Name{doctor.Reachability, doctor.Policies}},
		{g.controlPlanes, []doctor.Name{doctor.Istio}},
		{g.envoyFilters, []doctor.Name{doctor.MeshObjects, doctor.Overrides}},
		{g.overrides, []doctor.Name{doctor.Overrides}},
		{g.gatewayPods, []doctor.Name{doctor.Gateways}},
	} {
		if slices.ContainsFunc(step.checks, g.wants) {
			step.take(ctx)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return g.snapshot, nil
}

func (g *gatherer) wants(name doctor.Name) bool { return slices.Contains(g.Checks, name) }

func newGatherer(config *rest.Config, o Options) (*gatherer, error) {
	config = rest.CopyConfig(config)
	config.UserAgent = "holdfast-doctor"
	// One person waits for some dozens of requests; the client's default of 5 a
	// second is for controllers that never end.
	config.QPS, config.Burst = 50, 100
	config.WarningHandlerWithContext = warnings{}
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	c, err := client.New(config, client.Options{Scheme: scheme, Mapper: newMapper()})
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for %s: %w", config.Host, err)
	}
	return &gatherer{Options: o, client: c, config: config, snapshot: &doctor.Snapshot{Now: time.Now(), Namespace: o.Namespace}}, nil
}

// reach asks for what every user may see.
func (g *gatherer) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	err := g.client.Get(ctx, client.ObjectKey{Name: metav1.NamespaceDefault}, namespace)
	if err == nil || apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("asking %s: %w", g.config.Host, err)
}

func (g *gatherer) mutating(ctx context.Context) {
	s := g.snapshot
	s.Mutating.Unseen = list(ctx, g, "mutatingwebhookconfigurations.admissionregistration.k8s.io", &admissionregistration.MutatingWebhookConfigurationList{},
		func(page *admissionregistration.MutatingWebhookConfigurationList) {
			s.Mutating.Value = append(s.Mutating.Value, page.Items...)
		})
	if s.Namespace != "" {
		return
	}
	s.Namespace = DefaultNamespace
	for _, own := range s.Own() {
		if service := own.ClientConfig.Service; service != nil {
			s.Namespace = service.Namespace
		}
	}
}

func (g *gatherer) validating(ctx context.Context) {
	s := g.snapshot
	s.Validating.Unseen = list(ctx, g, "validatingwebhookconfigurations.admissionregistration.k8s.io", &admissionregistration.ValidatingWebhookConfigurationList{},
		func(page *admissionregistration.ValidatingWebhookConfigurationList) {
			s.Validating.Value = append(s.Validating.Value, page.Items...)
		})
}

func (g *gatherer) deployment(ctx context.Context) {
	there, s := &appsv1.Deployment{}, g.snapshot
	found, unseen := g.get(ctx, "deployments.apps", s.Namespace, deploymentName, there)
	s.Deployment.Unseen = unseen
	if found {
		s.Deployment.Value = there
	}
}

// services looks whether those that holdfast's configurations name are there.
func (g *gatherer) services(ctx context.Context) {
	s := g.snapshot
	s.Services.Value = map[string]bool{}
	look := func(c *admissionregistration.WebhookClientConfig) {
		if c.Service == nil {
			return
		}
		found, unseen := g.get(ctx, "services", c.Service.Namespace, c.Service.Name, &corev1.Service{})
		s.Services.Value[c.Service.Namespace+"/"+c.Service.Name] = found
		if unseen != "" {
			s.Services.Unseen = unseen
		}
	}
	for _, own := range s.Own() {
		look(&own.ClientConfig)
	}
	for i := range s.Validating.Value {
		for j := range s.Validating.Value[i].Webhooks {
			if w := &s.Validating.Value[i].Webhooks[j]; w.Name == doctor.RulesWebhook {
				look(&w.ClientConfig)
			}
		}
	}
}

// rules reads the ConfigMap that the Deployment's arguments name.
func (g *gatherer) rules(ctx context.Context) {
	s := g.snapshot
	namespace, name := s.Namespace, rulesName
	if value, given := s.Flag("rules-configmap"); given {
		if before, after, ok := strings.Cut(value, "/"); ok {
			namespace, name = before, after
		}
	} else if path, given := s.Flag("rules-file"); given {
		s.Rules.Unseen = fmt.Sprintf("the rules: holdfast reads them from the file %s inside its pods, where nobody here can see it; --rules-configmap in place of --rules-file can be seen", path)
		return
	}
	there := &corev1.ConfigMap{}
	found, unseen := g.get(ctx, "configmaps", namespace, name, there)
	s.Rules.Unseen = unseen
	if !found {
		return
	}
	source := fmt.Sprintf("ConfigMap %s/%s", namespace, name)
	if text, ok := there.Data[load.RulesKey]; ok {
		s.Rules.Value = doctor.ReadRules(source, text)
	} else {
		s.Rules.Value = &doctor.RulesMap{Source: source, Missing: "it has no key " + load.RulesKey}
	}
}

func (g *gatherer) namespaces(ctx context.Context) {
	s := g.snapshot
	s.Namespaces.Unseen = list(ctx, g, "namespaces", metadataList(corev1.SchemeGroupVersion.WithKind("NamespaceList")), func(page *metav1.PartialObjectMetadataList) {
		for i := range page.Items {
			if n := &page.Items[i]; n.DeletionTimestamp == nil {
				s.Namespaces.Value = append(s.Namespaces.Value, doctor.Namespace{Name: n.Name, Labels: n.Labels})
			}
		}
	})
}
