//go:build !linux

package smpp

import "net"

// acknowledged is not known here.
func acknowledged(net.Conn) (n uint64, ok bool) { return 0, false }
