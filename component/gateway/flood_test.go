package gateway

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"

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
