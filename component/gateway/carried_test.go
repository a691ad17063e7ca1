package gateway

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"causeway/bridges"
)

// refiling is what alice's client sends in the place of the message x.
func refiling(id, of, inside string) string {
	return sharing(id, inside+`<replace xmlns='urn:xmpp:message-correct:0' id='`+of+`'/>`)
}

// TestCarriedAgain: a correction that has the files of its message once more changes
// what is said beside them; with other files it is a new message that says so.
func TestCarriedAgain(t *testing.T) {
	const said = `<body>look</body>`
	links := linking("1") + linking("2")
	for name, c := range map[string]struct {
		do   func(r *timeless)
		want string
	}{
		"0308.6 the same": {func(r *timeless) {
			r.receive(r.t, refiling("e", "x", said+links))
			r.receive(r.t, refiling("f", "e", links))
			r.receive(r.t, refiling("g", "x", `<body>no file</body>`))
		}, "f1+f2 is now look, f1+f2 is now , f1+f2 is now no file"},
		"after a crash": {func(r *timeless) {
			next := r.crash(withFiles())
			next.receive(r.t, refiling("e", "x", said+links))
			synctest.Wait()
			*r = *next
		}, "f1+f2 is now look"},
		"0308.6 others":  {func(r *timeless) { r.receive(r.t, refiling("e", "x", said+linking("3"))) }, "* look"},
		"one of them":    {func(r *timeless) { r.receive(r.t, refiling("e", "x", linking("2"))) }, "*"},
		"of an unknown":  {func(r *timeless) { r.receive(r.t, refiling("e", "y", said+links)) }, "* look, "},
		"of a text":      {func(r *timeless) { r.receive(r.t, refiling("e", "t", said+links)) }, "* look, "},
		"of only a link": {func(r *timeless) { r.receive(r.t, refiling("e", "gone", linking("4"))) }, "*\nhttps://a.example/4"},
	} {
		t.Run(name, func(t *testing.T) {
			inFiles(t, func(r *timeless, m *fakeMedia) {
				for _, n := range []string{"1", "2", "3"} {
					m.serves("https://a.example/"+n, "12345", 5)
				}
				n := 0
				r.bridge.OnSend(func(context.Context, bridges.Message) ([]bridges.MessageID, error) {
					n++
					return []bridges.MessageID{bridges.MessageID("f" + string(rune('0'+n)))}, nil
				})
				r.receive(t, sharing("x", said+links))
				r.receive(t, text("t", "text"))
				synctest.Wait()
				r.receive(t, sharing("gone", linking("4")))
				synctest.Wait()
				r.handed()
				c.do(r)
				synctest.Wait()
				if got := strings.Join(r.handed(), ", "); got != c.want {
					t.Errorf("the network got %q, not %q", got, c.want)
				}
			})
		})
	}
}
