package gateway

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"causeway/component/xep/avatar"
	"causeway/component/xep/nick"
	"causeway/component/xep/pubsub"
	"causeway/component/xep/vcard"
)

// items is what a server answers of a node.
func items(node, id, inside string) string {
	return fmt.Sprintf(`<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='%s'><item id='%s'>%s</item></items></pubsub>`, node, id, inside)
}

// metadataOf tells of pictures by their ids and attributes.
func metadataOf(infos ...string) string {
	all := ""
	for _, i := range infos {
		all += "<info " + i + "/>"
	}
	return `<metadata xmlns='urn:xmpp:avatar:metadata'>` + all + `</metadata>`
}

func dataOf(photo []byte) string {
	text := base64.StdEncoding.EncodeToString(photo)
	return `<data xmlns='urn:xmpp:avatar:data'>` + text[:8] + "\n  " + text[8:] + `</data>`
}

// shownAs is alice with a name and a picture, for meets.
func shownAs(t *testing.T, name string, photo []byte) string {
	t.Helper()
	return name + " " + short(converted(t, photo))
}

// publishes has alice's server tell of a picture, or of none.
func (r *timeless) publishes(infos ...string) {
	r.t.Helper()
	r.receive(r.t, `<message type='headline' id='n' from='alice@example.org' to='sms.example.org'><event xmlns='http://jabber.org/protocol/pubsub#event'>`+
		`<items node='urn:xmpp:avatar:metadata'><item id='1'>`+metadataOf(infos...)+`</item></items></event></message>`)
}

// fetched returns the ids of the pictures that were asked for, in order.
func (r *timeless) fetched() (ids []string) {
	for _, xml := range r.drain() {
		if _, after, ok := strings.Cut(xml, `node='urn:xmpp:avatar:data'><item id='`); ok {
			id, _, _ := strings.Cut(after, "'")
			ids = append(ids, id)
		}
	}
	return ids
}

// TestIntroducePublished: a user who has no vCard, or a picture in another place only, is
// shown as the user's programs publish it (xeps.md 0084.1-3, 0084.10, 0172).
func TestIntroducePublished(t *testing.T) {
	introducing(t, true, func(r *timeless) {
		one, two := photo(t, 1), photo(t, 2)
		r.answer(vcard.NS, notFound)
		r.answer(nick.NS, items(nick.NS, "1", `<nick xmlns='http://jabber.org/protocol/nick'>Ally</nick>`))
		r.receive(t, looks("-"))
		r.meets("0084.4 no picture", "Ally")

		r.answer(avatar.NSMetadata, items(avatar.NSMetadata, "w", metadataOf("id='w' bytes='9' type='image/webp' url='https://a.example/w'", "id='p' bytes='99' type='image/png'")))
		r.answer(avatar.NSData, items(avatar.NSData, "p", dataOf(one)))
		time.Sleep(selfAge)
		r.receive(t, looks("-"))
		r.meets("0084.2-3", shownAs(t, "Ally", one))
		if got := fmt.Sprint(r.fetched()); got != "[p]" {
			t.Errorf("asked for %s", got)
		}

		r.answer(avatar.NSData, items(avatar.NSData, "q", dataOf(two)))
		r.publishes("id='q' bytes='99' type='image/png'")
		r.meets("0084.1 another picture", shownAs(t, "Ally", two))
		if got := fmt.Sprint(r.fetched()); got != "[q]" {
			t.Errorf("asked for %s", got)
		}

		r.answer(avatar.NSMetadata, items(avatar.NSMetadata, "0", metadataOf()))
		r.publishes()
		r.meets("0084.4 taken away", "Ally")
	})
}

// Of two pictures the one counts of which the server has told last, and the vCard's is
// not asked for twice.
func TestIntroducePublishedAndCard(t *testing.T) {
	introducing(t, true, func(r *timeless) {
		one, two := photo(t, 1), photo(t, 2)
		r.answer(vcard.NS, cardWith("Al", "", one))
		r.answer(avatar.NSData, items(avatar.NSData, "q", dataOf(two)))
		r.receive(t, looks("1"))
		r.meets("the vCard", shownAs(t, "Al", one))
		r.publishes("id='" + sha1Of(t, base64.StdEncoding.EncodeToString(one)) + "' bytes='99' type='image/png'")
		r.meets("the same is published")
		if got := r.fetched(); got != nil {
			t.Errorf("asked for %s", got)
		}
		r.publishes("id='q' bytes='99' type='image/png'")
		r.meets("another is published", shownAs(t, "Al", two))
		r.answer(avatar.NSData, notFound)
		r.publishes("id='x' bytes='99' type='image/png'")
		r.meets("one that cannot be had", shownAs(t, "Al", one))
	})
}

// Of two pictures of which nobody told since the start the published one counts, and
// none after that was taken away, until the vCard has another one (xeps.md 0084.1, 0084.4).
func TestIntroduceOldCard(t *testing.T) {
	introducing(t, true, func(r *timeless) {
		old, newer, newest := photo(t, 1), photo(t, 2), photo(t, 3)
		r.answer(vcard.NS, cardWith("Al", "", old))
		r.answer(avatar.NSMetadata, items(avatar.NSMetadata, "q", metadataOf("id='q' bytes='99' type='image/png'")))
		r.answer(avatar.NSData, items(avatar.NSData, "q", dataOf(newer)))
		r.receive(t, looks("1"))
		r.meets("after a start", shownAs(t, "Al", newer))
		r.answer(avatar.NSMetadata, items(avatar.NSMetadata, "0", metadataOf()))
		r.publishes()
		r.meets("taken away", "Al")
		r.receive(t, looks("1"))
		r.receive(t, looks(""))
		r.meets("the old hash, and none")
		r.answer(vcard.NS, cardWith("Al", "", newest))
		r.receive(t, looks("2"))
		r.meets("another vCard", shownAs(t, "Al", newest))
		r.publishes()
		r.meets("taken away again", "Al")
	})
}

// The vCard's new picture counts, of whatever else was told before; but not that of which
// an event told, too (XEP-0398), nor one of which the hash comes late.
func TestIntroduceNewCard(t *testing.T) {
	introducing(t, true, func(r *timeless) {
		one, two, three := photo(t, 1), photo(t, 2), photo(t, 3)
		r.answer(vcard.NS, cardWith("Al", "", one))
		r.answer(avatar.NSMetadata, items(avatar.NSMetadata, "q", metadataOf("id='q' bytes='99' type='image/png'")))
		r.answer(avatar.NSData, items(avatar.NSData, "q", dataOf(two)))
		r.publishes("id='q' bytes='99' type='image/png'")
		r.receive(t, looks("1"))
		r.meets("the first hash", shownAs(t, "Al", two))
		r.receive(t, looks("q"))
		r.meets("the same in both")
		r.answer(vcard.NS, cardWith("Al", "", three))
		r.receive(t, looks("3"))
		r.meets("another vCard", shownAs(t, "Al", three))
	})
}

// What is in the vCard is shown although the server is silent of all else, which is
// looked for once more.
func TestIntroduceSilentNode(t *testing.T) {
	introducing(t, true, func(r *timeless) {
		one := photo(t, 1)
		r.answer(pubsub.NS, "")
		r.answer(vcard.NS, cardWith("", "", one))
		r.receive(t, looks("1"))
		time.Sleep(2 * cardTime)
		r.meets("silent", shownAs(t, "alice", one))
		r.answer(pubsub.NS, notFound)
		r.answer(nick.NS, items(nick.NS, "1", `<nick xmlns='http://jabber.org/protocol/nick'>Ally</nick>`))
		r.receive(t, looks("1"))
		r.meets("not any more", shownAs(t, "Ally", one))
		r.answer(nick.NS, "")
		r.answer(pubsub.NS, "")
		r.answer(vcard.NS, notFound)
		r.receive(t, looks("2"))
		time.Sleep(2 * cardTime)
		r.meets("nothing is known")
	})
}

// What a server says of published pictures that is none, or too large, shows none.
func TestIntroducePublishedBadly(t *testing.T) {
	one := photo(t, 1)
	good := items(avatar.NSMetadata, "p", metadataOf("id='p' bytes='99' type='image/png'"))
	for name, c := range map[string]struct{ metadata, data string }{
		"not for us":         {`<error type='auth'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`, dataOf(one)},
		"nothing":            {`<pubsub xmlns='http://jabber.org/protocol/pubsub'/>`, dataOf(one)},
		"too large":          {items(avatar.NSMetadata, "p", metadataOf("id='p' bytes='262145' type='image/png'")), dataOf(one)},
		"of no size":         {items(avatar.NSMetadata, "p", metadataOf("id='p' type='image/png'")), dataOf(one)},
		"of no id":           {items(avatar.NSMetadata, "p", metadataOf("bytes='99' type='image/png'")), dataOf(one)},
		"of a long id":       {items(avatar.NSMetadata, "p", metadataOf("id='"+strings.Repeat("x", 129)+"' bytes='99'")), dataOf(one)},
		"elsewhere":          {items(avatar.NSMetadata, "p", metadataOf("id='p' bytes='99' url='https://a.example/p'")), dataOf(one)},
		"no base64":          {good, `<data xmlns='urn:xmpp:avatar:data'>*</data>`},
		"no picture":         {good, dataOf([]byte("<svg></svg>"))},
		"something else":     {good, `<nick xmlns='http://jabber.org/protocol/nick'>x</nick>`},
		"nothing in an item": {good, ""},
	} {
		t.Run(name, func(t *testing.T) {
			introducing(t, true, func(r *timeless) {
				r.answer(vcard.NS, cardWith("Al", "", nil))
				r.answer(avatar.NSMetadata, c.metadata)
				r.answer(avatar.NSData, items(avatar.NSData, "p", c.data))
				r.receive(t, looks("1"))
				r.meets(name, "Al")
			})
		})
	}
}
