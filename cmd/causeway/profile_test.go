package main_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"causeway/cmd/lab/peer"
)

// TestProfiles: what a client can ask about contacts and the gateway, on each
// server. The steps have users of their own.
func TestProfiles(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		r := newRig(t, server, peer.Node, "ann", "ben", "cat", "dan", "eve", "fay")
		for name, step := range map[string]func(*testing.T, *rig){
			"pictures": pictures, "events": pictureEvents, "cards": cards, "prompt": prompts, "search": searches, "small queries": smallQueries,
		} {
			t.Run(name, func(t *testing.T) { step(t, r) })
		}
		r.centre.None()
	})
}

// joined logs a user in and registers it. No answer is left to come.
func (r *rig) joined(t *testing.T, name string) *user {
	t.Helper()
	u := r.login(t, name)
	u.Do(map[string]any{"do": "register", "to": domain})
	u.gather(map[string]func(peer.Event) bool{"the result": answer, "the welcome": welcome})
	return u
}

// result asks and reads the answer, which must be a result.
func (u *user) result(typ, to, payload string, into any) peer.Event {
	u.t.Helper()
	e := u.iq(typ, to, payload)
	if err := xml.Unmarshal([]byte(e.XML), into); e.Type != "result" || err != nil {
		u.t.Fatalf("%s of %s: %v, %+v", payload, to, err, e)
	}
	return e
}

func itemsOf(node, id string) string {
	item := ""
	if id != "" {
		item = `<item id="` + id + `"/>`
	}
	return `<pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="` + node + `">` + item + `</items></pubsub>`
}

// item is the answer to itemsOf.
type item struct {
	Item struct {
		ID   string `xml:"id,attr"`
		Info struct {
			ID    string `xml:"id,attr"`
			Type  string `xml:"type,attr"`
			Bytes int    `xml:"bytes,attr"`
		} `xml:"metadata>info"`
		Data string `xml:"data"`
		Name string `xml:"vcard>fn>text"`
		Tel  string `xml:"vcard>tel>text"`
	} `xml:"pubsub>items>item"`
}

// card is a vcard-temp.
type card struct {
	Name    string `xml:"vCard>FN"`
	Tel     string `xml:"vCard>TEL>NUMBER"`
	Country string `xml:"vCard>ADR>CTRY"`
	About   string `xml:"vCard>DESC"`
	Type    string `xml:"vCard>PHOTO>TYPE"`
	Photo   string `xml:"vCard>PHOTO>BINVAL"`
}

// xeps.md 0084.2-3, .5-6, .8, .13: one picture by every way.
func pictures(t *testing.T, r *rig) {
	u := r.joined(t, "ann")
	u.add(contact)
	shown := u.Wait("presence", presence(contact, "available"))
	var p struct {
		Hash string `xml:"x>photo"`
	}
	if err := xml.Unmarshal([]byte(shown.XML), &p); err != nil || p.Hash == "" {
		t.Fatalf("0084.5: %v, %s", err, shown.XML)
	}
	for _, to := range []string{contact, domain} {
		var meta, data item
		u.result("get", to, itemsOf("urn:xmpp:avatar:metadata", ""), &meta)
		id := meta.Item.ID
		u.result("get", to, itemsOf("urn:xmpp:avatar:data", id), &data)
		raw, err := base64.StdEncoding.DecodeString(data.Item.Data)
		sum := sha1.Sum(raw)
		if err != nil || hex.EncodeToString(sum[:]) != id || meta.Item.Info.ID != id || meta.Item.Info.Bytes != len(raw) || meta.Item.Info.Type != "image/png" {
			t.Errorf("0084.3: %s: %v, %+v", to, err, meta)
		}
		var c card
		if u.result("get", to, `<vCard xmlns="vcard-temp"/>`, &c); c.Photo != data.Item.Data || c.Type != "image/png" {
			t.Errorf("0084.8: the vCard of %s has %+v", to, c)
		}
		if to == contact && id != p.Hash {
			t.Errorf("0084.8: presence has %s, not %s", p.Hash, id)
		}
	}
}

// xeps.md 0084.1, .13: who asks for events gets one for each contact and the
// gateway, at once and for a contact that is new.
func pictureEvents(t *testing.T, r *rig) {
	u := r.joined(t, "fay")
	u.add(contact)
	hash := hashOf(t, u.Wait("presence", presence(contact, "available")))
	u.Do(map[string]any{"do": "features", "add": []string{"urn:xmpp:avatar:metadata+notify"}})
	u.gather(map[string]func(peer.Event) bool{
		"0084.1: of the contact": pictureEvent(contact, hash), "0084.13: of the gateway": anyPictureEvent(domain),
	})
	const other = "+12025550101@" + domain
	u.add(other)
	u.Wait("0084.1: of another", pictureEvent(other, hashOf(t, u.Wait("presence", presence(other, "available")))))
}

// xeps.md 0084.4, .6-7, .11, 0106.11.
func cards(t *testing.T, r *rig) {
	u := r.joined(t, "ben")
	sender := hex.EncodeToString([]byte("GOOGLE")) + ";phone-context=alphanumeric@" + domain
	for to, want := range map[string]card{
		contact: {Name: "+1 202-555-0100", Tel: "+1 202-555-0100", Country: "United States", About: "Mobile or landline number."},
		sender:  {Name: "GOOGLE", About: "Sender with a name. Nobody reads what is sent there."},
		domain:  {Name: "SMS", About: "This is a gateway. Write help to it."},
	} {
		var c card
		u.result("get", to, `<vCard xmlns="vcard-temp"/>`, &c)
		var v item
		u.result("get", to, itemsOf("urn:xmpp:vcard4", ""), &v)
		if v.Item.Name != c.Name || v.Item.Tel != c.Tel {
			t.Errorf("0084.11: %s: %+v", to, v)
		}
		if c.Type, c.Photo = "", ""; c != want {
			t.Errorf("0084.6: %s: %+v", to, c)
		}
	}
	u.Send(sender, "one-way", "Hello?")
	if e := u.Wait("0506.1: the error", failure("one-way")); e.Condition != "feature-not-implemented" || !strings.Contains(e.Text, "nobody can answer") {
		t.Errorf("0506.1: %+v", e)
	}
	if e := u.iq("set", contact, `<vCard xmlns="vcard-temp"/>`); e.Condition != "forbidden" {
		t.Errorf("0084.7: %+v", e)
	}
	if e := u.iq("get", "nobody@"+domain, `<vCard xmlns="vcard-temp"/>`); e.Condition != "service-unavailable" {
		t.Errorf("0084.7: %+v", e)
	}
	publish := `<pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="urn:xmpp:avatar:data"/></pubsub>`
	if e := u.iq("set", contact, publish); e.Condition != "forbidden" {
		t.Errorf("0084.4: %+v", e)
	}
	if e := u.iq("get", contact, itemsOf("urn:xmpp:omemo:2:devices", "")); e.Condition != "item-not-found" {
		t.Errorf("0384.1: %+v", e)
	}
	stranger := r.login(t, "eve")
	if e := stranger.iq("get", contact, `<vCard xmlns="vcard-temp"/>`); e.Condition != "registration-required" {
		t.Errorf("a stranger gets %+v", e)
	}
}

// xeps.md 0100.41-43: each spelling of a number, and nonsense.
func prompts(t *testing.T, r *rig) {
	u := r.joined(t, "cat")
	var offer struct {
		About string `xml:"query>desc"`
		Label string `xml:"query>prompt"`
	}
	if u.result("get", domain, `<query xmlns="jabber:iq:gateway"/>`, &offer); offer.Label == "" || !strings.Contains(offer.About, "+12025550100") {
		t.Errorf("0100.41: %+v", offer)
	}
	type prompt struct {
		Typed string `xml:"jabber:iq:gateway prompt"`
	}
	ask := func(typed string) string {
		x, err := xml.Marshal(struct {
			XMLName xml.Name `xml:"jabber:iq:gateway query"`
			prompt
		}{prompt: prompt{typed}})
		if err != nil {
			t.Fatal(err)
		}
		return string(x)
	}
	for typed, want := range map[string]string{
		"+12025550100": contact, "12025550100": contact, "2025550100": contact, "(202) 555-0100": contact, "202.555.0100": contact,
		"+1 (202) 555-0100": contact, " 001 202 555 0100 ": contact, "tel:+1-202-555-0100": contact, "sms:+12025550100": contact,
		"[202] 555 0100": contact, "+\u0661\u0662\u0660\u0662\u0665\u0665\u0665\u0660\u0661\u0660\u0660": contact,
		"+49 151 12345678": "+4915112345678@" + domain, "12345": "12345;phone-context=us@" + domain,
	} {
		var got struct {
			JID string `xml:"query>jid"`
		}
		if u.result("set", domain, ask(typed), &got); got.JID != want {
			t.Errorf("0100.42: %q is %s", typed, got.JID)
		}
	}
	for _, typed := range []string{"", "bob", "+", "@alice:example.org", "1", "+999999999999999999", "<&>"} {
		if e := u.iq("set", domain, ask(typed)); e.Condition != "not-acceptable" || !strings.Contains(e.Text, "+12025550100") {
			t.Errorf("0100.43: %q: %+v", typed, e)
		}
	}
}

// xeps.md 0055.1-3.
func searches(t *testing.T, r *rig) {
	u := r.joined(t, "dan")
	find := func(number string) (found struct {
		JID []string `xml:"query>x>item>field>value"`
	},
	) {
		u.result("set", domain, `<query xmlns="jabber:iq:search"><x xmlns="jabber:x:data" type="submit"><field var="number"><value>`+number+`</value></field></x></query>`, &found)
		return found
	}
	if e := u.iq("get", domain, `<query xmlns="jabber:iq:search"/>`); e.Type != "result" || !strings.Contains(e.XML, `var="number"`) {
		t.Errorf("0055.1: %+v", e)
	}
	if found := find("(202) 555-0100"); !slices.Equal(found.JID, []string{contact, "+1 202-555-0100"}) {
		t.Errorf("0055.2: %+v", found)
	}
	if found := find("bob"); len(found.JID) > 0 {
		t.Errorf("0055.2: %+v", found)
	}
	stranger := r.login(t, "eve")
	if e := stranger.iq("get", domain, `<query xmlns="jabber:iq:search"/>`); e.Condition != "registration-required" {
		t.Errorf("0055.3: %+v", e)
	}
}

// xeps.md 0012.1, .3, 0202.1-3, and discovery says what is there.
func smallQueries(t *testing.T, r *rig) {
	u := r.login(t, "eve")
	var last struct {
		Query struct {
			Seconds string `xml:"seconds,attr"`
		} `xml:"query"`
	}
	u.result("get", domain, `<query xmlns="jabber:iq:last"/>`, &last)
	if n, err := strconv.Atoi(last.Query.Seconds); err != nil || n < 0 || n > 3600 {
		t.Errorf("0012.1: %+v", last)
	}
	var now struct {
		Zone string `xml:"time>tzo"`
		UTC  string `xml:"time>utc"`
	}
	u.result("get", domain, `<time xmlns="urn:xmpp:time"/>`, &now)
	if at, err := time.Parse(time.RFC3339, now.UTC); err != nil || now.Zone != "+00:00" || time.Since(at).Abs() > time.Minute {
		t.Errorf("0202.1: %v, %+v", err, now)
	}
	for _, query := range []string{`<query xmlns="jabber:iq:last"/>`, `<time xmlns="urn:xmpp:time"/>`} {
		if e := u.iq("get", contact, query); e.Condition != "service-unavailable" {
			t.Errorf("0012.3, 0202.1: %+v", e)
		}
	}
	announced(t, u, domain, []string{"vcard-temp", "jabber:iq:search", "jabber:iq:gateway", "jabber:iq:last", "urn:xmpp:time"}, nil)
	announced(t, u, contact, []string{"vcard-temp"}, []string{"jabber:iq:last", "urn:xmpp:time", "jabber:iq:search"})
}

func announced(t *testing.T, u *user, to string, there, never []string) {
	t.Helper()
	u.Do(map[string]any{"do": "discover", "to": to})
	info := u.Wait("disco#info", answer)
	for _, f := range there {
		if !slices.Contains(info.Features, f) {
			t.Errorf("%s lacks %s", to, f)
		}
	}
	for _, f := range never {
		if slices.Contains(info.Features, f) {
			t.Errorf("%s has %s", to, f)
		}
	}
}
