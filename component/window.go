package component

import "time"

// window is how many keyed stanzas may be under way. It begins small and grows
// while the server answers soon: a slow one that was given too much would owe
// its answer for so long that it is taken for dead, and be given all of it
// again on the next connection.
type window int

const (
	minWindow   window = 64
	firstWindow window = 256
	maxWindow   window = 4096

	soonAnswer = time.Second
	lateAnswer = 5 * time.Second
)

// after is the window after an answer that took so long.
func (w window) after(took time.Duration) window {
	switch {
	case took < soonAnswer:
		return min(2*w, maxWindow)
	case took > lateAnswer:
		return max(w/2, minWindow)
	}
	return w
}
