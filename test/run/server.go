package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/go-logr/logr"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// server is the running webhook and the way to talk to it.
type server struct {
	url     string
	client  *http.Client
	http    *http.Server
	decided chan decision
}

// decision is what the webhook does not send: why.
type decision struct {
	detail   string
	verdicts []rules.Verdict
}

// start serves a rules file. Its warnings go to stderr.
func start(rulesFile string, stderr io.Writer) (*server, error) {
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		return nil, err
	}
	metrics := admission.NewMetrics()
	store := admission.NewStore(metrics, logr.Discard())
	offered := store.Offer("file "+rulesFile, rulesFile, text)
	if len(offered.Problems) > 0 {
		fmt.Fprintf(stderr, "What 'holdfast check' says of %s:\n", rulesFile)
	}
	for _, p := range offered.Problems {
		fmt.Fprintf(stderr, "  %s\n", p)
	}
	if offered.Err != nil {
		return nil, fmt.Errorf("%s has errors", rulesFile)
	}
	s := &server{decided: make(chan decision, 1)}
	mux := http.NewServeMux()
	mux.Handle(admission.MutatePodsPath, &admission.PodHandler{
		Store: store, Cluster: admission.NoCluster{}, Decide: s.decide, Lot: admission.RandomLot, Metrics: metrics, Log: logr.Discard(),
	})
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return s, s.serve()
}

// serve listens on loopback with a certificate of its own, which the client
// trusts.
func (s *server) serve() error {
	authority, err := certs.NewAuthority()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "holdfast-run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := authority.Write(dir); err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13}
	go func() {
		if err := s.http.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "run: serving:", err)
		}
	}()
	s.url = "https://" + listener.Addr().String() + admission.MutatePodsPath
	s.client = authority.Client()
	return nil
}

// decide decides as the webhook does, and keeps why.
func (s *server) decide(set *decide.Set, pod *rules.Pod, options decide.Options) rules.Outcome {
	outcome, verdicts := set.Explain(pod, options)
	s.decided <- decision{outcome.Detail, verdicts}
	return outcome
}

// verdict is why the last review was answered as it was.
func (s *server) verdict() decision {
	select {
	case d := <-s.decided:
		return d
	default: // a defect kept it from deciding; the answer says so
		return decision{}
	}
}

func (s *server) stop() {
	s.client.CloseIdleConnections()
	_ = s.http.Close()
}
