package main_test

import (
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/proxy"
)

// The worker is killed 200 ms after it is ready, again and again under load both
// ways: no text is lost, doubled or out of order, the homeserver is never refused a
// connection, and the XMPP server keeps the one that it has (issue 6).
func TestMatrixKillWorker(t *testing.T) { each(t, matrixKillWorker) }

func matrixKillWorker(t *testing.T, server string) {
	m := newMatrixRigWith(t, matrixSetup{server: server, pushed: func(e *proxy.Exchange) { e.Give(e.Pass()) }})
	d := m.dialogue(t)
	d.flows()
	for end := time.Now().Add(killTime(t, 20*time.Second)); time.Now().Before(end); {
		<-time.After(alive)
		lab.Await(t, "texts under way", d.underWay)
		m.gateway.killWorker()
	}
	d.finish()
	if n := m.pushed.Refused(); n != 0 {
		t.Errorf("the homeserver was refused %d connections", n)
	}
	if n := (&traffic{t: t, server: m.server}).connections(); n != 1 {
		t.Errorf("the XMPP server has seen %d component connections", n)
	}
}
