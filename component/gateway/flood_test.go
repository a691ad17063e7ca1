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
