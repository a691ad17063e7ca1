package gateway

import (
	"context"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
)

// Strangers without number, each of whom asks once, do not fill the memory
// while the server takes no answers.
func TestControlLanesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stops(t, func(r *trouble) {
			r.link.silent.Store(true)
			ask := func(i int) *stanza.Stanza {
				return mustParse(t, `<iq type='get' id='p' from='u`+strconv.Itoa(i)+
					`@example.net/p' to='sms.example.org'><ping xmlns='urn:xmpp:ping'/></iq>`)
			}
			before := runtime.NumGoroutine()
			r.link.do <- func() {
				for i := range 2 * controlTotal {
					r.g.Handle(ask(i), zeroKey)
				}
			}
			synctest.Wait()
			if n := runtime.NumGoroutine() - before; n > controlTotal+10 {
				t.Errorf("%d goroutines", n)
			}
		}, nil)
	})
}

// A network that delivers for many while the link is down does not hold a
// goroutine for each, and all is shown when the server takes it.
func TestConversationsUnderWayAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stops(t, func(r *trouble) {
			const n = 2 * atWork
			before := runtime.NumGoroutine()
			r.link.silent.Store(true)
			r.deliver(n)
			synctest.Wait()
			if n := runtime.NumGoroutine() - before; n > atWork+10 {
				t.Errorf("%d goroutines", n)
			}
			already := len(r.link.sent)
			close(r.link.resume)
			synctest.Wait()
			if got := len(r.link.sent) - already; got != n {
				t.Errorf("%d texts are shown, want %d", got, n)
			}
		}, nil)
	})
}

// What the network says does not wait for texts that wait for the network, and
// of these no more are given to it than its share.
func TestTextsLeaveRoomForEvents(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.g.SetPolicy(Policy{Allow: []string{"example.org"}, Hold: time.Hour, AccountLimit: 1 << 20, BridgeLimit: 1 << 20})
		const n = atWork + 100
		release := make(chan struct{})
		var sent atomic.Int32
		r.bridge.OnSend(func(context.Context, bridges.Message) ([]bridges.MessageID, error) {
			<-release
			sent.Add(1)
			return nil, nil
		})
		for i := range n {
			r.receive(t, numbered(i))
		}
		r.drain()
		r.give(sms("hello"))
		if got := r.bodies(); len(got) != 1 {
			t.Errorf("shown %q", got)
		}
		close(release)
		synctest.Wait()
		if got := sent.Load(); got != n {
			t.Errorf("%d texts are sent, want %d", got, n)
		}
	})
}

// What a flood is refused with leaves room on the link for what is for others,
// and all of it is told in the end.
func TestRefusalsLeaveRoom(t *testing.T) {
	inBubble(t, func(r *timeless) {
		const n = 3 * refusalsUnderWay
		r.g.SetPolicy(Policy{Allow: []string{"example.org"}, AccountLimit: 1})
		release := make(chan struct{})
		r.bridge.OnSend(func(context.Context, bridges.Message) ([]bridges.MessageID, error) {
			<-release
			return nil, nil
		})
		r.receive(t, text("first", "x"))
		r.hold = true
		for i := range n {
			r.receive(t, text(strconv.Itoa(i), "x"))
		}
		if got := len(r.drain()); got != refusalsUnderWay {
			t.Errorf("%d refusals are under way", got)
		}
		r.settle()
		if got := len(r.drain()); got != n-refusalsUnderWay {
			t.Errorf("%d refusals follow", got)
		}
		close(release)
	})
}
