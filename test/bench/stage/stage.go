// Package stage is what is measured: an API server, and for each variant a webhook or a policy
// that is in force for its pods alone.
package stage

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// Stage is what runs.
type Stage struct {
	Cluster  *cluster.Cluster
	Variants []variant.Variant

	dir       string
	authority *certs.Authority // of all servers but holdfast
	client    *http.Client     // of the API server
	reviews   map[reviewKey][]byte
	patch     []byte            // holdfast's
	wanted    map[string]string // the annotations that the patch adds
	servers   map[string]*server
	// unanswered is how many reviews each variant's server had not answered when all was in
	// force at last.
	unanswered map[string]int
}

// server is a running webhook.
type server struct {
	url, metrics string
	client       *http.Client // with connections of its own
	pid          int
	stop         func()
}

// end stops it.
func (s *server) end() {
	s.client.CloseIdleConnections()
	s.stop()
}

// Start starts variants, and returns when every one was seen in force. Holdfast with few rules is
// one of them: it says what the patch is. holdfast is the path of the program; dir takes logs and
// rules. Stop it also after an error.
func Start(ctx context.Context, holdfast, dir string, variants []variant.Variant) (*Stage, error) {
	s := &Stage{Variants: variants, dir: dir, servers: map[string]*server{}, reviews: map[reviewKey][]byte{}}
	for _, step := range []func(context.Context) error{
		s.startCluster,
		s.recordReviews,
		func(ctx context.Context) error { return s.startHoldfasts(ctx, holdfast) },
		s.askForPatch,
		s.startOthers,
		s.createPolicy,
		s.waitInForce,
	} {
		if err := step(ctx); err != nil {
			return s, err
		}
	}
	return s, nil
}

// startCluster starts an API server with the namespace and what its pods name.
func (s *Stage) startCluster(ctx context.Context) (err error) {
	if s.Cluster, err = cluster.Start(nil); err != nil {
		return err
	}
	if s.client, err = rest.HTTPClientFor(s.Cluster.Config); err != nil {
		return err
	}
	if s.authority, err = certs.NewAuthority(); err != nil {
		return err
	}
	// Each in a folder of its own: whoever watches one should not wake up for the others.
	for _, folder := range []string{s.certDir(), filepath.Dir(s.logName(""))} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			return err
		}
	}
	if err := s.authority.Write(s.certDir()); err != nil {
		return err
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: pods.Namespace, Labels: map[string]string{"holdfast.dev/enabled": "true"}}}
	if err := s.Cluster.Client.Create(ctx, namespace); err != nil {
		return err
	}
	return s.Cluster.Client.Create(ctx, pods.ConfigMap())
}

// Stop ends what was started.
func (s *Stage) Stop() error {
	var all sync.WaitGroup
	for _, one := range s.servers {
		all.Go(one.end)
	}
	all.Wait()
	if s.Cluster == nil {
		return nil
	}
	return s.Cluster.Stop()
}

// StopServer stops the server of one variant. The API server goes on asking it.
func (s *Stage) StopServer(name string) error {
	one := s.servers[name]
	if one == nil {
		return fmt.Errorf("%s: no server", name)
	}
	delete(s.servers, name)
	one.end()
	return nil
}

// logFile is where the server of a variant writes its log: to a file, so that no reader of a
// pipe takes part.
func (s *Stage) logFile(v *variant.Variant) (*os.File, error) { return os.Create(s.logName(v.Name)) }

func (s *Stage) logName(name string) string { return filepath.Join(s.dir, "logs", name+".log") }

// certDir has the certificate of all servers but holdfast.
func (s *Stage) certDir() string { return filepath.Join(s.dir, "certs") }
