//go:build !linux

package takeover

import "net"

// CanHold tells whether a connection can be held beyond this process: nowhere
// but on Linux does the kernel say how far a predecessor came.
func CanHold(net.Conn) bool { return false }

// Count knows nothing here.
func Count(net.Conn) Counts { return Counts{} }
