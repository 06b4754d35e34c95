// Command run shows holdfast's main job on loopback, with nothing but the
// built program: it starts the webhook with a certificate made on the spot and
// a rules file, sends it pods the way an API server would, and prints what
// changed in each and why.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	program := flag.String("program", "bin/holdfast", "the built program")
	rulesFile := flag.String("rules", "deploy/examples/rules.yaml", "rules file")
	flag.Parse()
	files, err := manifests(flag.Args())
	if err != nil {
		return err
	}
	pods, err := readPods(ctx, *program, *rulesFile, files)
	if err != nil {
		return err
	}

	server, err := start(ctx, *program, *rulesFile)
	if err != nil {
		return err
	}
	defer server.stop()
	fmt.Printf("The webhook serves on %s with the rules of %s.\n", server.url, *rulesFile)
	fmt.Printf("Sending it %d pods as an API server would:\n", len(pods))
	for _, p := range pods {
		answer, err := reviews.Send(ctx, server.client, server.url, p.object)
		if err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
		fmt.Println()
		if err := p.print(os.Stdout, answer); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
	}
	fmt.Printf(`
Now yours:
  make run POD=your.yaml
      the same with your own pod or workload (and RULES=your-rules.yaml)
  bin/holdfast explain -f %[1]s your.yaml
      why each rule matches or does not
  bin/holdfast patch -f %[1]s your.yaml
      your manifest with its new annotations
  bin/holdfast check your-rules.yaml
      is a rules file right?
`, *rulesFile)
	return nil
}

// manifests lists the YAML and JSON files among the arguments and below folders.
func manifests(arguments []string) ([]string, error) {
	var files []string
	for _, argument := range arguments {
		err := filepath.WalkDir(argument, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && (path == argument || slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path))) {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, errors.New("no manifest given: name files or folders with pods")
	}
	return files, nil
}

// server is a running 'holdfast webhook' and the way to talk to it.
type server struct {
	url     string
	client  *http.Client
	command *exec.Cmd
	exited  chan error
	dir     string
}

func start(ctx context.Context, program, rulesFile string) (*server, error) {
	dir, err := os.MkdirTemp("", "holdfast-run-")
	if err != nil {
		return nil, err
	}
	authority, err := certs.NewAuthority()
	if err != nil {
		return nil, err
	}
	if err := authority.Write(dir); err != nil {
		return nil, err
	}
	webhook, err := freePort()
	if err != nil {
		return nil, err
	}
	health, err := freePort()
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority.PEM)
	s := &server{
		url: fmt.Sprintf("https://127.0.0.1:%d/mutate-pods", webhook),
		client: &http.Client{
			Timeout:   10 * time.Second,
			Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}},
		},
		exited: make(chan error, 1),
		dir:    dir,
	}
	s.command = exec.Command(program, "webhook",
		"--rules-file="+rulesFile, "--cert-dir="+dir, "--bind-address=127.0.0.1",
		fmt.Sprintf("--port=%d", webhook), "--metrics-bind-address=0",
		fmt.Sprintf("--health-probe-bind-address=127.0.0.1:%d", health), "--drain=0s", "--zap-log-level=error")
	s.command.Stderr = os.Stderr
	// No cluster takes part, whatever this machine's kubeconfig says.
	s.command.Env = append(os.Environ(), "KUBECONFIG=/dev/null", "HOME="+dir)
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s (run 'make build' first): %w", program, err)
	}
	go func() { s.exited <- s.command.Wait() }()
	if err := s.waitReady(ctx, fmt.Sprintf("http://127.0.0.1:%d/readyz", health)); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func (s *server) waitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-s.exited:
			s.exited <- err
			return fmt.Errorf("the webhook ended before it was ready: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("the webhook was not ready after 15 s: %s", url)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *server) stop() {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	<-s.exited
	_ = os.RemoveAll(s.dir)
}
