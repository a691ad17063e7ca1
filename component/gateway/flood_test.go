package gateway

import (
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"

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
