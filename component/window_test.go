package component

import (
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	for _, c := range []struct {
		name  string
		from  window
		took  time.Duration
		times int
		want  window
	}{
		{"grows to its end while answers come soon", firstWindow, 10 * time.Millisecond, 20, maxWindow},
		{"stays when they take their time", firstWindow, 2 * time.Second, 20, firstWindow},
		{"shrinks to its end when they are late", maxWindow, time.Minute, 20, minWindow},
		{"is halved by one late answer", maxWindow, time.Minute, 1, maxWindow / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := c.from
			for range c.times {
				w = w.after(c.took)
			}
			if w != c.want {
				t.Errorf("%d, want %d", w, c.want)
			}
		})
	}
}
