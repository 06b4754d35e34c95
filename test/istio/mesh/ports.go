package mesh

import (
	"fmt"
	"net"
)

// freePorts returns n different TCP ports on loopback that nothing listens on.
// They are found by listening on all of them at once and closing again: the
// kernel hands out ephemeral ports in turn, so that another program gets one
// of them in the moment between is unlikely.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("finding a free port: %w", err)
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// loopback is the address of a port on this machine.
func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
