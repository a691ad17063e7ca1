package peer

import (
	"net"
	"strconv"
)

// Ports returns n free loopback ports. Another program can still take one
// before it is used: who starts servers on them tries again then.
func Ports(n int) ([]int, error) {
	listeners := make([]net.Listener, 0, n)
	defer func() {
		for _, l := range listeners {
			l.Close()
		}
	}()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, l)
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
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
