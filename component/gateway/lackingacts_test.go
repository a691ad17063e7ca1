package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/component/xep/disco"
	"causeway/component/xep/receipts"
)

// talks has both sides say something: n0 the contact, and a1 alice, which is m1 there.
func (r *timeless) talks() {
	r.give(bridges.Message{ID: "n0", Chat: phone, From: phone, Text: "hello"})
	r.bridge.OnSend(parts("m1"))
	r.receive(r.t, text("a1", "hello"))
	r.drain()
	r.handed()
	r.bridge.OnSend(nil)
}

func (r *timeless) addsBob() {
	r.receive(r.t, presence("subscribe", alice, phoneJID))
	synctest.Wait()
}

func asksForReceipt(r *timeless) string {
	announced := slices.Contains(r.g.disco.anybody.contact.Features, receipts.NS)
	r.receive(r.t, text("x", "a text"))
	synctest.Wait()
	m := <-r.bridge.Sent()
	return fmt.Sprintf("%s, announced: %t, asked for: %t", m.Text, announced, m.Receipt)
}

func typesToContact(r *timeless) string {
	r.addsBob()
	r.types(alice, phone, "composing")
	return strings.Join(r.shown(), " ")
}

func readsText(r *timeless) string {
	r.talks()
	r.reads(alice, phone, r.stanzaOf("n0"))
	return strings.Join(r.shown(), " ")
}

// adds has alice come, and then add Bob, who is in her list on the network.
func adds(r *timeless) string {
	query, ver := clientInfo(r.t)
	r.answer(disco.NSInfo, query)
	r.bridge.SetContacts(alice, bridges.Person{ID: phone, Name: "Bob"})
	r.receive(r.t, says("x", ver))
	time.Sleep(time.Minute)
	if strings.Contains(strings.Join(r.drain(), ""), phone) {
		return "Bob at once"
	}
	r.addsBob()
	if strings.Contains(strings.Join(r.drain(), ""), "subscribed") {
		return "Bob after it is added"
	}
	return "nobody"
}

func isToldStars(r *timeless) string {
	r.give(sms("call *now*"))
	return fmt.Sprintf("unstyled: %t", strings.Contains(strings.Join(r.bodies(), ""), "<unstyled"))
}

func setsOwnMessages(r *timeless) string {
	return fmt.Sprintf("a setting: %t", slices.ContainsFunc(r.g.settings, func(s setting) bool { return s.Name == ownMessages }))
}

func looksAtContact(r *timeless) string {
	r.bridge.SetProfile(phone, bridges.Profile{Name: "Bob", Picture: photo(r.t, 1)})
	r.addsBob()
	time.Sleep(time.Minute)
	own := r.own()
	return fmt.Sprintf("a picture: %t, the gateway's: %t", own != "", own == r.g.badge(phone).ID)
}

// handing returns what the network gets of a stanza about a1, and the user's error.
func handing(xml string) func(r *timeless) string {
	return func(r *timeless) string {
		r.talks()
		r.receive(r.t, xml)
		errors := r.drain()
		came := fmt.Sprint(r.handed())
		for _, x := range errors {
			for _, condition := range []string{"feature-not-implemented", "not-acceptable"} {
				if strings.Contains(x, "<"+condition) {
					came += " " + condition
				}
			}
		}
		return came
	}
}

func answersText(r *timeless) string {
	r.talks()
	return r.replies(r.stanzaOf("n0"), "yes")
}

// seesContact has alice add Bob, who is away, and come.
func seesContact(r *timeless) string {
	r.bridge.OnProbe(func(bridges.UserID) (bridges.Presence, error) {
		return bridges.Presence{Person: phone, Show: bridges.Away}, nil
	})
	r.come()
	r.drain()
	r.addsBob()
	return fmt.Sprint(slices.Compact(r.presences()))
}

func isCalled(r *timeless) string {
	r.receive(r.t, `<presence type='subscribe' from='alice@example.org' to='`+phoneJID+`'><nick xmlns='http://jabber.org/protocol/nick'>Al</nick></presence>`)
	return fmt.Sprint(r.met())
}

func sendsLink(r *timeless) string {
	r.receive(r.t, toContact(phone, "<body>"+fileURL+"</body>"+oobFile))
	synctest.Wait()
	m := <-r.bridge.Sent()
	return fmt.Sprintf("%s, a file: %t", m.Text, m.File != nil)
}

func writesInThread(r *timeless) string {
	r.talks()
	r.receive(r.t, toContact(phone, "<body>one</body><thread>"+r.stanzaOf("n0")+"</thread>"))
	synctest.Wait()
	m := <-r.bridge.Sent()
	return fmt.Sprintf("%s in %s", m.Text, m.Thread)
}
