package peer

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
)

// The range from which Ports takes: below the one that Linux gives to outgoing
// connections, so that a server which is down does not lose its port to one.
const (
	firstPort = 10_000
	portCount = 22_000
)

// Ports returns n free loopback ports. Another program can still take one
// before it is used: who starts servers on them tries again then.
func Ports(n int) ([]int, error) {
	ports := make([]int, 0, n)
	var last error
	for range 100 * n {
		port := firstPort + rand.IntN(portCount)
		if slices.Contains(ports, port) {
			continue
		}
		l, err := net.Listen("tcp", Local(port))
		if err != nil {
			last = err
			continue
		}
		l.Close()
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("no free ports: %w", last)
}

// Local returns the loopback address of a port.
func Local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// Accepting returns a Ready for Spec: all these addresses accept connections.
func Accepting(addresses ...string) func() error {
	return func() error {
		for _, a := range addresses {
			c, err := net.Dial("tcp", a)
			if err != nil {
				return err
			}
			c.Close()
		}
		return nil
	}
}
