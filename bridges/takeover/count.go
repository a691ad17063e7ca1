package takeover

// Counts are what the kernel knows of a TCP connection. They count from its
// beginning, the SYN included in what is written and acknowledged: compare
// with those of a new connection.
type Counts struct {
	Read    uint64 // bytes that this side has consumed
	Written uint64 // bytes that the kernel has taken from this side
	Acked   uint64 // of those: that the other side's kernel has
	OK      bool   // false: the system does not tell
}
