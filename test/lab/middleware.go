package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/holdfast-mesh/holdfast/test/lab/machine"
	"github.com/holdfast-mesh/holdfast/test/lab/netns"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

// nobody is who the servers run as.
const nobody = 65534

// server is a middleware outside the mesh, with its distribution's settings except for
// where it listens and keeps its files.
type server struct {
	name    string
	port    int
	prepare func(dir string) []string // nil: nothing to prepare
	command func(dir string) []string
}

var servers = []server{
	{
		name: "redis", port: scenario.RedisPort,
		command: func(dir string) []string {
			return []string{
				"redis-server", "--port", strconv.Itoa(scenario.RedisPort), "--bind", "0.0.0.0", "::",
				"--protected-mode", "no", "--save", "", "--dir", dir,
			}
		},
	},
	{
		name: "mariadb", port: scenario.MySQLPort,
		prepare: func(dir string) []string {
			return []string{
				"mariadb-install-db", "--no-defaults", "--datadir=" + dir + "/data",
				"--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
			}
		},
		command: func(dir string) []string {
			return []string{
				"mariadbd", "--no-defaults", "--datadir=" + dir + "/data", "--socket=" + dir + "/sock",
				"--pid-file=" + dir + "/pid", "--port=" + strconv.Itoa(scenario.MySQLPort), "--bind-address=0.0.0.0",
				"--skip-name-resolve", "--init-file=" + dir + "/init.sql",
			}
		},
	},
	{
		name: "memcached", port: scenario.MemcachedPort,
		command: func(string) []string {
			return []string{"memcached", "-p", strconv.Itoa(scenario.MemcachedPort), "-l", "0.0.0.0", "-U", "0"}
		},
	},
}

// ztunnel stands for the one of redis' node, where the mesh knows redis as a pod of its own.
func ztunnel(program, identity string) server {
	return server{name: "ztunnel", port: scenario.HBONEPort, command: func(string) []string {
		return []string{program, "tunnel", net.JoinHostPort("", strconv.Itoa(scenario.HBONEPort)), identity}
	}}
}

// startServers starts all of them and returns when each one accepts connections.
func startServers(ctx context.Context, p *machine.Processes, ns *netns.Namespace, dir string, tunnel server) error {
	return machine.Together(slices.Concat(servers, []server{tunnel}), func(s server) error {
		own := filepath.Join(dir, s.name)
		if err := os.MkdirAll(own, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(own, "init.sql"), []byte("CREATE USER IF NOT EXISTS lab@'%';\n"), 0o644); err != nil {
			return err
		}
		if err := os.Chown(own, nobody, nobody); err != nil {
			return err
		}
		if s.prepare != nil {
			args := append(as(nobody), s.prepare(own)...)
			if err := machine.Run(ctx, own, args[0], args[1:]...); err != nil {
				return fmt.Errorf("preparing %s: %w", s.name, err)
			}
		}
		args := append(as(nobody, "--pdeathsig", "KILL"), s.command(own)...)
		proc, err := p.Start(s.name, ns.Command(ctx, args[0], args[1:]...))
		if err != nil {
			return err
		}
		address := net.JoinHostPort(scenario.Inside.String(), strconv.Itoa(s.port))
		return proc.Until(ctx, machine.WaitLong, func(ctx context.Context) error {
			conn, err := ns.Dial(ctx, "tcp", address)
			if err != nil {
				return err
			}
			return conn.Close()
		})
	})
}

// as is the start of a command line that runs the rest as that user and group. A change of
// user makes the kernel forget that a process should die with its parent: what is to outlive
// this call, but not the lab, needs the options "--pdeathsig", "KILL".
func as(uid int, options ...string) []string {
	id := strconv.Itoa(uid)
	return append(append([]string{"setpriv", "--reuid", id, "--regid", id, "--clear-groups"}, options...), "--")
}
