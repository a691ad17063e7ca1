package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/picture"
	"causeway/component/xep/pubsub"
	"causeway/component/xep/vcard"
	"causeway/mapping"
)

// notFound is what a server says of what nobody has published.
const notFound = `<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`

// looks is available presence of a client of alice with the hash of a picture; "-":
// it says nothing of one.
func looks(hash string) string {
	update := `<x xmlns='vcard-temp:x:update'><photo>` + hash + `</photo></x>`
	if hash == "-" {
		update = ""
	}
	return `<presence from='alice@example.org/x' to='sms.example.org'>` + update + `</presence>`
}

// cardWith is the vCard of a user.
func cardWith(nick, full string, photo []byte) string {
	return `<vCard xmlns='vcard-temp'><FN>` + full + `</FN><NICKNAME>` + nick + `</NICKNAME><PHOTO><BINVAL>` +
		base64.StdEncoding.EncodeToString(photo) + `</BINVAL></PHOTO></vCard>`
}

// met returns what the network was told of users so far: their names, and for who
// has a picture the beginning of its hash.
func (r *timeless) met() (all []string) {
	synctest.Wait()
	for len(r.bridge.Introductions()) > 0 {
		x := <-r.bridge.Introductions()
		s := x.Me.Name
		if x.Me.Picture != nil {
			s += " " + short(x.Me.Picture)
		}
		if x.Account.ID != alice || x.Account.Self != number {
			s += " of " + string(x.Account.ID)
		}
		all = append(all, s)
	}
	return all
}

// short names a picture.
func short(data []byte) string { return fmt.Sprintf("%.4x", sha256.Sum256(data)) }

func (r *timeless) meets(what string, want ...string) {
	r.t.Helper()
	if got := r.met(); !slices.Equal(got, want) {
		r.t.Errorf("%s: the network was told %q, not %q", what, got, want)
	}
}

// cards counts the questions for a vCard.
func (r *timeless) cards() (n int) {
	for _, xml := range r.drain() {
		if strings.Contains(xml, vcard.NS+"'") || strings.Contains(xml, vcard.NS+`"`) {
			n++
		}
	}
	return n
}

// introducing runs f in simulated time; asked: alice wants to be shown.
func introducing(t *testing.T, asked bool, f func(r *timeless)) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		acc := mapping.Account{Bridge: domain, ID: alice, Self: number, Created: time.Now()}
		if asked {
			acc.Settings = map[string]string{ownPrefix + ownProfile: profileShown}
		}
		if err := s.Commit(t.Context(), &mapping.Batch{PutAccounts: []mapping.Account{acc}}); err != nil {
			t.Fatal(err)
		}
		info := bridgetest.SMS()
		info.Can |= bridges.CanIntroduce
		r := startTimeless(t, s, info)
		defer r.end()
		r.answer(pubsub.NS, notFound)
		f(r)
	})
}

// TestIntroduce: the network is told what a user is called and looks like, and
// again what has changed.
func TestIntroduce(t *testing.T) {
	introducing(t, true, func(r *timeless) {
		one, two := photo(t, 1), photo(t, 2)
		small := func(data []byte) string {
			p, err := picture.Convert(data)
			if err != nil {
				t.Fatal(err)
			}
			return short(p.Data)
		}
		r.answer(vcard.NS, cardWith("Ally", "Alice Example", one))
		r.receive(t, looks("1"))
		r.meets("comes", "Ally "+small(one))
		r.receive(t, looks("1"))
		r.receive(t, looks("-"))
		r.receive(t, looks("1"))
		r.meets("nothing new")
		if n := r.cards(); n != 1 {
			t.Errorf("0153: asked %d times", n)
		}
		for name, c := range map[string]struct{ hash, card, want string }{
			"another picture": {"2", cardWith("Ally", "", two), "Ally " + small(two)},
			"no picture":      {"3", cardWith("Ally", "", []byte("<svg/>")), "Ally"},
			"no nickname":     {"4", cardWith("", "Alice Example", nil), "Alice Example"},
			"no names":        {"5", cardWith("\u202e", " ", nil), "alice"},
			"0172.4 hostile":  {"6", cardWith(strings.Repeat("x", 5000), "", nil), strings.Repeat("x", 100)},
			"no vCard":        {"", notFound, "alice"},
		} {
			r.answer(vcard.NS, cardWith("before", "", nil))
			r.receive(t, looks("before"))
			r.met()
			r.answer(vcard.NS, c.card)
			r.receive(t, looks(c.hash))
			r.meets(name, c.want)
		}
		const news = `<message type='headline' id='n' from='alice@example.org%s' to='sms.example.org'><event xmlns='http://jabber.org/protocol/pubsub#event'>` +
			`<items node='%s'><item id='1'/></items></event></message>`
		for i, node := range profileNodes {
			name := fmt.Sprint("News ", i)
			r.answer(vcard.NS, cardWith(name, "", nil))
			r.receive(t, fmt.Sprintf(news, "/x", node))
			r.meets("0163: what a program says is none")
			r.receive(t, fmt.Sprintf(news, "", node))
			r.meets("0163 "+node, name)
		}
		r.answer(vcard.NS, cardWith("Later", "", nil))
		time.Sleep(selfAge)
		r.receive(t, looks("-"))
		r.meets("a day later", "Later")
	})
}

// TestIntroduceUnasked: a user who has not asked for it is shown without what is in
// the vCard, which nobody reads (xeps.md 0084.10).
func TestIntroduceUnasked(t *testing.T) {
	introducing(t, false, func(r *timeless) {
		r.answer(vcard.NS, cardWith("Ally", "", photo(t, 1)))
		r.receive(t, looks("1"))
		r.meets("0084.10", "alice")
		r.receive(t, `<presence type='subscribe' from='alice@example.org' to='`+phoneJID+`'><nick xmlns='http://jabber.org/protocol/nick'>Al</nick></presence>`)
		r.meets("0172: what the user says to us", "Al")
		if n := r.cards(); n != 0 {
			t.Errorf("0084.10: asked %d times", n)
		}
		r.receive(t, `<message type='chat' id='s' from='alice@example.org/x' to='`+domain+`'><body>settings profile=true</body></message>`)
		r.meets("0084.10 asked for", "Al "+short(converted(t, photo(t, 1))))
		r.receive(t, `<message type='chat' id='s2' from='alice@example.org/x' to='`+domain+`'><body>settings profile=false</body></message>`)
		r.meets("0084.10 taken back", "Al")
		r.receive(t, `<presence from='mallory@example.org/x' to='`+domain+`'><x xmlns='vcard-temp:x:update'><photo>1</photo></x></presence>`)
		r.meets("nobody is told of who is not registered")
	})
}

func converted(t *testing.T, data []byte) []byte {
	t.Helper()
	p, err := picture.Convert(data)
	if err != nil || bytes.Equal(p.Data, data) {
		t.Fatalf("the picture stays as it is: %v", err)
	}
	return p.Data
}

// TestIntroduceLater: what fails is done again when the network is there again, or
// the user; not what the network refuses.
func TestIntroduceLater(t *testing.T) {
	introducing(t, true, func(r *timeless) {
		answer := func(err error) {
			r.bridge.OnIntroduce(func(context.Context) error { return err })
		}
		answer(&bridges.Error{Kind: bridges.Temporary, Text: "later"})
		r.receive(t, looks("1")) // and the server does not answer
		synctest.Wait()
		time.Sleep(cardTime)
		r.meets("nothing is known")
		r.answer(vcard.NS, cardWith("Ally", "", nil))
		r.receive(t, looks("1"))
		r.meets("away", "Ally")
		r.g.Ready()
		r.meets("still away", "Ally")
		answer(nil)
		r.g.Ready()
		r.meets("there again", "Ally")
		r.g.Ready()
		r.receive(t, looks("1"))
		r.meets("done")
		answer(errors.New("never"))
		r.answer(vcard.NS, cardWith("Bad", "", nil))
		r.receive(t, looks("2"))
		r.meets("refused", "Bad")
		r.g.Ready()
		r.meets("not again")
		answer(nil)
		r.answer(vcard.NS, cardWith("Ally", "", nil))
		r.receive(t, `<iq type='set' id='u' from='alice@example.org/x' to='`+domain+`'><query xmlns='jabber:iq:register'><remove/></query></iq>`)
		r.receive(t, looks("3"))
		r.meets("who has left")
	})
}
