package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"causeway/component"
)

// TestRefusedIsNotSent: wherever the program dies while it refuses texts of
// which too many wait, each is sent, or its sender is told, and never both. The
// server has what was written, though it was not settled.
func TestRefusedIsNotSent(t *testing.T) {
	refused := 0
	for at, died := 1, true; died; at++ {
		synctest.Test(t, func(t *testing.T) {
			m, taken := newMorgue(t), map[component.Key]bool{}
			m.live(0)
			m.g.SetPolicy(Policy{Allow: []string{"example.org"}, Hold: time.Hour, AccountLimit: 1, BridgeLimit: 100})
			m.dieAt(at)
			bodies := m.write(0, 4*wUsers)
			time.Sleep(time.Second)
			synctest.Wait()
			m.written(taken)
			if died = m.dieAt(0); died {
				m.bury()
				m.live(0)
			}
			for range 3 {
				time.Sleep(time.Minute)
				synctest.Wait()
				m.written(taken)
				m.take()
			}
			m.end()
			for _, b := range bodies {
				if m.taken[b]+m.told[b] != 1 {
					t.Errorf("death %d: %s was sent %d times, and its sender told %d times", at, b, m.taken[b], m.told[b])
				}
				refused += m.told[b]
			}
		})
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// dieAt sets the passage at which this life dies, and tells whether it has.
func (m *morgue) dieAt(at int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = at
	return m.killed
}

// written has users told by what was written to the server, each time once.
func (m *morgue) written(taken map[component.Key]bool) {
	m.life.mu.Lock()
	defer m.life.mu.Unlock()
	for _, x := range m.life.pending {
		if x.out.Type == "error" && !taken[x.key] {
			m.told[x.out.ID]++
		}
		taken[x.key] = true
	}
}

// take settles what was written.
func (m *morgue) take() {
	m.life.mu.Lock()
	var keys []component.Key
	for _, x := range m.life.pending {
		keys = append(keys, x.key)
	}
	m.life.pending = nil
	m.life.mu.Unlock()
	m.g.Settled(keys, func() {})
	synctest.Wait()
}
