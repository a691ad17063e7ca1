package main_test

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// portrait is a picture as a network has it.
func portrait(t *testing.T, c color.Color) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for x := range 640 {
		for y := range 480 {
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pictureEvent tells whether a contact says that it has a picture with this id.
func pictureEvent(jid, id string) func(peer.Event) bool {
	return func(e peer.Event) bool {
		return anyPictureEvent(jid)(e) && strings.Contains(e.XML, `id="`+id+`"`)
	}
}

func anyPictureEvent(jid string) func(peer.Event) bool {
	return func(e peer.Event) bool {
		return e.Event == "other" && e.Type == "headline" && e.From == jid && strings.Contains(e.XML, "<info")
	}
}

// hashOf is the hash of a picture in presence.
func hashOf(t *testing.T, e peer.Event) string {
	t.Helper()
	var p struct {
		Hash string `xml:"x>photo"`
	}
	if err := xml.Unmarshal([]byte(e.XML), &p); err != nil {
		t.Fatal(err)
	}
	return p.Hash
}

// showsPicture tells whether a contact shows a picture other than this.
func showsPicture(t *testing.T, jid, other string) func(peer.Event) bool {
	return func(e peer.Event) bool {
		if !presence(jid, "available")(e) {
			return false
		}
		hash := hashOf(t, e)
		return hash != "" && hash != other
	}
}

// TestOwnPictures: the picture that the network has comes to a client by
// presence, by event, as data and in the card, and so does the next one
// (xeps.md 0084.1-3, .5-6, .8); who did not ask for events gets none.
func TestOwnPictures(t *testing.T) {
	const number = "+12025550100"
	jid := number + "@" + scriptedDomain
	each(t, func(t *testing.T, server string) {
		info := bridgetest.SMS()
		info.Can |= bridges.CanPictures
		bridge := bridgetest.New(info, "+12025550199")
		bridge.SetProfile(number, bridges.Profile{Name: "Bob", Picture: portrait(t, color.White)})
		s := newScripted(t, lab.Servers[server](t, peer.Options{}), bridge)
		u := s.registered("alice")
		u.Do(map[string]any{"do": "features", "add": []string{"urn:xmpp:avatar:metadata+notify"}})
		u.Wait("the features", func(e peer.Event) bool { return e.Event == "features" })
		old := &user{Client: lab.SlixmppAt(t, s.server, "alice", "old"), t: t}
		u.add(jid)
		first := hashOf(t, u.Wait("0084.5: the picture", showsPicture(t, jid, "")))
		u.Wait("0084.1: its event", pictureEvent(jid, first))
		sameEverywhere(t, u, jid, first)

		bridge.SetProfile(number, bridges.Profile{Name: "Bob", Picture: portrait(t, color.Black)})
		s.gateway.Hint(bridges.Delivery{Account: "alice@localhost", Event: bridges.ProfileChange{Person: number}})
		second := hashOf(t, u.Wait("0084.5: the next picture", showsPicture(t, jid, first)))
		u.Wait("0084.1: its event", pictureEvent(jid, second))
		sameEverywhere(t, u, jid, second)
		for _, e := range s.quiet(old) {
			if strings.Contains(e.XML, "pubsub#event") {
				t.Errorf("0084.1: who did not ask for it gets %s", e.XML)
			}
		}
	})
}

// sameEverywhere wants the picture with this id as data and in the card.
func sameEverywhere(t *testing.T, u *user, jid, id string) {
	t.Helper()
	var data item
	u.result("get", jid, itemsOf("urn:xmpp:avatar:data", id), &data)
	var c card
	u.result("get", jid, `<vCard xmlns="vcard-temp"/>`, &c)
	if data.Item.ID != id || data.Item.Data == "" || c.Photo != data.Item.Data || c.Type != "image/png" {
		t.Errorf("0084.3, .8: %s has the data %s, and in the card %d characters", id, data.Item.ID, len(c.Photo))
	}
}
