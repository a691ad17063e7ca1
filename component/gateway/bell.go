package gateway

// bell wakes who waits for something to do. A ring is kept for who is busy now.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

// ring does not block.
func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}
