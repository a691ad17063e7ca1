package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/stanza"
	"causeway/component/xep/avatar"
	"causeway/component/xep/disco"
	"causeway/component/xep/pubsub"
	"causeway/mapping"
)

// seen is what a user sees of pictures: the ids in presence ("-": not known
// yet), and in events, each with who shows it to which resource.
type seen struct{ shown, news []string }

func (r *timeless) pictures() (s seen) {
	r.t.Helper()
	for _, xml := range r.drain() {
		o := mustParse(r.t, xml)
		if x, ok := o.Child(avatar.NSUpdate, "x"); ok && o.Kind == stanza.Presence {
			photo, _ := x.Child(avatar.NSUpdate, "photo")
			id := photo.Text()
			if id == "" {
				id = "-"
			}
			s.shown = append(s.shown, bare(o.From)+" "+id)
		}
		event, ok := o.Child(pubsub.NS+"#event", "event")
		if !ok {
			continue
		}
		items, _ := event.Child(pubsub.NS+"#event", "items")
		item, _ := items.Child(pubsub.NS+"#event", "item")
		meta, _ := item.Child(avatar.NSMetadata, "metadata")
		info, _ := meta.Child(avatar.NSMetadata, "info")
		if o.Type != "headline" || items.Attr("node") != avatar.NSMetadata || info.Attr("id") != item.Attr("id") || info.Attr("type") != "image/png" || bare(o.To) != alice {
			r.t.Errorf("0084.1: %s", xml)
		}
		s.news = append(s.news, resourceOf(o.To)+": "+o.From+" "+item.Attr("id"))
	}
	slices.Sort(s.news)
	return s
}

func (r *timeless) sees(what string, want seen) {
	r.t.Helper()
	if got := r.pictures(); !slices.Equal(got.shown, want.shown) || !slices.Equal(got.news, want.news) {
		r.t.Errorf("%s: %q\nnot %q", what, got, want)
	}
}

// hasContacts has alice see contacts.
func hasContacts(t *testing.T, s *memStore, ids ...bridges.ChatID) {
	var b mapping.Batch
	for _, id := range ids {
		b.PutContacts = append(b.PutContacts, mapping.Contact{Bridge: domain, Account: alice, ID: id, Subscription: mapping.SeesContact | mapping.SeenByUs})
	}
	if err := s.Commit(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
}

// looking runs f in simulated time; ver is the hash of clients that want to know
// of pictures.
func looking(t *testing.T, info bridges.Info, f func(r *timeless, ver string)) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		hasContacts(t, s, phone, "")
		r := startTimeless(t, s, info)
		defer r.end()
		query, ver := clientInfo(t, avatar.NSMetadata+pubsub.Notify)
		r.answer(disco.NSInfo, query)
		f(r, ver)
	})
}

// TestPictureEvents: who wants to know of pictures is told of each once.
func TestPictureEvents(t *testing.T) {
	looking(t, bridgetest.SMS(), func(r *timeless, ver string) {
		gw, bob := r.g.badge("").ID, r.g.badge(phone).ID
		all := func(resource string) []string {
			return []string{resource + ": " + phoneJID + " " + bob, resource + ": " + domain + " " + gw}
		}
		own := []string{domain + " " + gw}
		r.receive(t, says("x", ver))
		r.sees("0084.1 comes", seen{append(own, phoneJID+" "+bob), all("x")})
		r.receive(t, says("x", ver))
		r.receive(t, strings.Replace(says("x", ver), "<c ", "<show>away</show><c ", 1))
		r.sees("0084.1 once", seen{})
		r.receive(t, says("y", ver))
		r.sees("0084.1 another", seen{own, all("y")})
		r.receive(t, available(alice+"/z", domain))
		r.sees("0084.1 who does not want to know", seen{own, nil})
		r.receive(t, presence("subscribe", alice, "+12025550101@"+domain))
		other := "+12025550101@" + domain + " " + r.g.badge("+12025550101").ID
		r.sees("0084.1 a new contact", seen{[]string{other}, []string{"x: " + other, "y: " + other}})
		r.receive(t, presence("subscribe", alice, "+12025550101@"+domain))
		r.sees("0100.30 repeated", seen{[]string{other}, nil})
		r.receive(t, presence("unavailable", alice+"/y", domain))
		r.receive(t, says("y", ver))
		if got := r.pictures(); len(got.news) != 3 {
			t.Errorf("0084.1 comes back: %q", got)
		}
	})
}

// TestPictureOfUser: what a user's client says of the user's own picture goes
// nowhere (xeps.md 0084.10).
func TestPictureOfUser(t *testing.T) {
	looking(t, bridgetest.SMS(), func(r *timeless, _ string) {
		const update = `<x xmlns='vcard-temp:x:update'><photo>0000000000000000000000000000000000000000</photo></x>`
		r.receive(t, `<presence from='alice@example.org/x' to='`+domain+`'>`+update+`</presence>`)
		r.pictures()
		r.receive(t, `<presence from='alice@example.org/x' to='`+phoneJID+`'>`+update+`</presence>`)
		for _, typ := range []string{"headline", "chat"} {
			r.receive(t, `<message type='`+typ+`' id='e' from='alice@example.org' to='`+phoneJID+`'><event xmlns='http://jabber.org/protocol/pubsub#event'>`+
				`<items node='urn:xmpp:avatar:metadata'><item id='0'><metadata xmlns='urn:xmpp:avatar:metadata'/></item></items></event></message>`)
		}
		if got := r.drain(); got != nil || r.texts() != nil {
			t.Errorf("answered with %q", got)
		}
		if n, _ := r.store.count(); n != 0 {
			t.Errorf("%d records are left", n)
		}
	})
}

// photo is a picture that the network has.
func photo(t *testing.T, grey uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 300, 150))
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	img.SetGray(0, 0, color.Gray{})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func withPictures() bridges.Info {
	info := bridgetest.SMS()
	info.Can |= bridges.CanPictures
	return info
}

// own returns the id of the picture that alice gets by each way, after what was
// sent before.
func (r *timeless) own() string {
	r.t.Helper()
	r.drain()
	ask := `<iq type='get' id='i' from='alice@example.org/q' to='` + phoneJID + `'>`
	r.receive(r.t, ask+askNode(avatar.NSData, "")+`</iq>`)
	r.receive(r.t, ask+askNode(avatar.NSMetadata, "")+`</iq>`)
	r.receive(r.t, ask+askCard+`</iq>`)
	var ids []string
	for _, xml := range r.drain() {
		for _, mark := range []string{"<data xmlns='urn:xmpp:avatar:data'>", "<BINVAL>"} {
			if _, rest, ok := strings.Cut(strings.ReplaceAll(xml, `"`, "'"), mark); ok {
				data, _, _ := strings.Cut(rest, "<")
				raw, err := base64.StdEncoding.DecodeString(data)
				if err != nil || len(raw) > 64<<10 {
					r.t.Errorf("0084.9: %v, %d bytes", err, len(raw))
				}
				ids = append(ids, sha1Of(r.t, data))
			}
		}
		if _, rest, ok := strings.Cut(strings.ReplaceAll(xml, `"`, "'"), " id='"); ok && strings.Contains(xml, avatar.NSMetadata) {
			_, rest, _ = strings.Cut(rest, "<item id='")
			id, _, _ := strings.Cut(rest, "'")
			ids = append(ids, id)
		}
	}
	if len(ids) != 3 || len(slices.Compact(slices.Clone(ids))) != 1 {
		r.t.Errorf("0084.3, .8: %q", ids)
		return ""
	}
	return ids[0]
}

// TestOwnPictures: a picture that people have themselves is shown as soon as it
// is known, and each that follows.
func TestOwnPictures(t *testing.T) {
	looking(t, withPictures(), func(r *timeless, ver string) {
		gw, badge := domain+" "+r.g.badge("").ID, r.g.badge(phone).ID
		r.bridge.SetProfile(phone, bridges.Profile{Name: "Bob", Picture: photo(t, 1)})
		r.receive(t, says("x", ver))
		got := r.pictures()
		first := r.own()
		want := seen{[]string{gw, phoneJID + " -", phoneJID + " " + first}, []string{"x: " + phoneJID + " " + first, "x: " + gw}}
		slices.Sort(want.news)
		if !slices.Equal(got.shown, want.shown) || !slices.Equal(got.news, want.news) || first == badge {
			t.Errorf("0084.1, .5: %q\nnot %q", got, want)
		}
		r.changes(photo(t, 2))
		second := r.own()
		for name, c := range map[string]struct {
			photo []byte
			id    string
		}{
			"another, and back": {photo(t, 1), first}, "none any more": {nil, badge}, "no picture": {[]byte("<svg/>"), badge},
		} {
			r.changes(photo(t, 2))
			r.drain()
			r.changes(c.photo)
			r.sees("0084.1, .5 "+name, seen{[]string{phoneJID + " " + c.id}, []string{"x: " + phoneJID + " " + c.id}})
			if r.own() != c.id || second == c.id {
				t.Errorf("%s: another is read", name)
			}
			r.pictureOf(phone)
			r.sees("0084.1 the same "+name, seen{})
		}
		r.changes(nil)
		r.drain()
		r.receive(t, says("y", ver))
		r.sees("known at the next log-in", seen{[]string{gw}, []string{"y: " + phoneJID + " " + badge, "y: " + gw}})
	})
}

func (r *timeless) pictureOf(id bridges.UserID) {
	r.g.Hint(bridges.Delivery{Account: alice, Event: bridges.ProfileChange{Person: id}})
	synctest.Wait()
}

// changes gives the person another picture.
func (r *timeless) changes(photo []byte) {
	r.bridge.SetProfile(phone, bridges.Profile{Name: "Bob", Picture: photo})
	r.pictureOf(phone)
}

// TestPictureFound: a change that was not told is found by the card, and after a
// day; of who is gone there is a badge; nobody else is shown anything.
func TestPictureFound(t *testing.T) {
	looking(t, withPictures(), func(r *timeless, ver string) {
		r.receive(t, says("x", ver))
		badge := phoneJID + " " + r.g.badge(phone).ID
		if got := r.pictures(); !slices.Contains(got.shown, badge) {
			t.Errorf("nobody is there, and shown is %q", got)
		}
		r.bridge.SetProfile(phone, bridges.Profile{Name: "Bob", Picture: photo(t, 1)})
		time.Sleep(faceAge)
		r.receive(t, presence("probe", alice+"/x", phoneJID))
		got := r.pictures()
		if len(got.shown) != 2 || got.shown[0] != badge || len(got.news) != 1 {
			t.Errorf("after a day: %q", got)
		}
		r.bridge.SetProfile(phone, bridges.Profile{Name: "Bob", Picture: photo(t, 2)})
		r.receive(t, `<iq type='get' id='i' from='alice@example.org/q' to='`+phoneJID+`'>`+askCard+`</iq>`)
		if now := r.pictures(); len(now.shown) != 1 || len(now.news) != 1 || now.shown[0] == got.shown[1] {
			t.Errorf("by the card: %q", now)
		}
		for _, to := range []bridges.AccountID{"bob@example.org", "eve@evil.example"} {
			r.g.Hint(bridges.Delivery{Account: to, Event: bridges.ProfileChange{Person: phone}})
		}
		r.pictureOf("+12025550101")
		r.pictureOf("\xff")
		r.sees("not a contact, or not registered", seen{})
	})
}

// TestPictureLater: what the network cannot tell now stays open, and a panic of
// the adapter harms nobody else.
func TestPictureLater(t *testing.T) {
	looking(t, withPictures(), func(r *timeless, _ string) {
		f := &moody{Bridge: r.bridge}
		r.g.cfg.Bridge = f
		r.receive(t, available(alice+"/x", domain))
		if got := r.pictures(); !slices.Equal(got.shown[1:], []string{phoneJID + " -"}) {
			t.Errorf("0084.5: %q", got)
		}
		for range 2 * faceLookers {
			r.pictureOf(phone)
		}
		r.sees("panics", seen{})
		for i := range 2 * faceQueue {
			r.g.lookLater(whose{"nobody@example.org", fmt.Sprint(i)})
		}
	})
}

// moody is a network that fails, and then panics.
type moody struct {
	*bridgetest.Bridge
	asked int
}

func (m *moody) Profile(context.Context, bridges.AccountID, bridges.UserID) (bridges.Profile, error) {
	if m.asked++; m.asked > 1 {
		panic("moody")
	}
	return bridges.Profile{}, &bridges.Error{Kind: bridges.Temporary, Text: "Not now."}
}
