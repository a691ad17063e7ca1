package main_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"causeway/cmd/lab/peer"
)

// connected is what an XMPP server logs once for each connection of a component
// (ejabberd once more, with the name of a module in between).
var connected = map[string]*regexp.Regexp{
	"prosody":  regexp.MustCompile(`External component successfully authenticated`),
	"ejabberd": regexp.MustCompile(`\[info\] \(tcp\|[^ ]*\) Accepted external component`),
}

// connections counts the component connections that the XMPP server has seen.
func (k *traffic) connections() int {
	k.t.Helper()
	logs, err := filepath.Glob(filepath.Join(k.server.Dir, k.server.Kind+".log*")) // it is rotated
	n := 0
	for _, name := range logs {
		log, failed := os.ReadFile(name)
		err = errors.Join(err, failed)
		n += len(connected[k.server.Kind].FindAll(log, -1))
	}
	if err != nil {
		k.t.Fatal(err)
	}
	return n
}

// watcher is a client that sees the presence of a contact.
type watcher struct{ *user }

// watch logs a user in who subscribes to a contact.
func (k *traffic) watch() watcher {
	k.t.Helper()
	r := &rig{t: k.t, server: k.server, gateway: k.gateway}
	w := watcher{r.registered(k.t, "eve")}
	w.Do(map[string]any{"do": "presence", "to": contact, "type": "subscribe"})
	w.gather(map[string]func(peer.Event) bool{
		"consent": presence(contact, "subscribed"), "presence": presence(contact, "available"),
	})
	return w
}

// stayed checks that among what came nobody went.
func (w watcher) stayed(events []peer.Event) {
	w.t.Helper()
	for _, e := range events {
		if e.Event == "presence" && (e.Type == "unavailable" || e.Type == "unsubscribed" || e.Type == "error") {
			w.t.Errorf("a contact or the gateway went: %+v", e)
		}
	}
}

// unnoticed checks that nobody beside the gateway has seen it die: not the
// watcher, not the XMPP server, not the SMS centre.
func (k *traffic) unnoticed(w watcher) {
	k.t.Helper()
	w.Do(map[string]any{"do": "discover", "to": domain})
	w.stayed(w.until("the answer to the last question", answer))
	if n := k.connections(); n != 1 {
		k.t.Errorf("the XMPP server has seen %d component connections", n)
	}
	if s := k.centre.Stats(); s.Binds != 1 || s.Redelivery != 0 || s.Repeated != 0 {
		k.t.Errorf("at the centre: %+v", s)
	}
}

// underway counts the texts of users that are not answered, without those to
// the phone that takes none.
func (k *traffic) underway() int {
	n := 0
	for _, s := range k.senders {
		for _, id := range s.ids() {
			if !s.answered(id) && !strings.HasPrefix(id, s.name+"-s") {
				n++
			}
		}
	}
	return n
}
