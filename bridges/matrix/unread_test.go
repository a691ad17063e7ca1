package matrix

import (
	"fmt"
	"slices"
	"testing"

	"causeway/bridges"
)

// Who has read a text has read those before it, and each is said once.
func TestUnread(t *testing.T) {
	u, bobs, carols := newUnread(), pair{"ghost", "bob:localhost"}, pair{"ghost", "carol:localhost"}
	for _, id := range []bridges.MessageID{"$1", "$2", "$2", "$3"} {
		u.add(bobs, id)
	}
	u.add(carols, "$4")
	for _, c := range []struct {
		name  string
		event bridges.MessageID
		want  []bridges.MessageID
	}{
		{"one that nobody knows", "$0", []bridges.MessageID{"$0"}},
		{"the second", "$2", []bridges.MessageID{"$1", "$2"}},
		{"the second again", "$2", []bridges.MessageID{"$2"}},
		{"the last", "$3", []bridges.MessageID{"$3"}},
		{"of another chat", "$4", []bridges.MessageID{"$4"}},
	} {
		if got := u.upTo(bobs, c.event); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	for i := range unreadKept + 1 {
		u.add(bobs, bridges.MessageID(fmt.Sprint(i)))
	}
	if got := u.upTo(bobs, bridges.MessageID(fmt.Sprint(unreadKept))); len(got) != unreadKept || got[0] != "1" {
		t.Errorf("%d, from %s", len(got), got[0])
	}
}

// 0184.1: what was sent and is read is delivered, before it is read.
func TestReadIsDelivered(t *testing.T) {
	_, b, s := onFake(t, nil)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	for _, x := range []string{"one", "two"} {
		send(t, s, bob, x)
	}
	who := pair{s.ghost, bob}
	ids, _ := b.unread.chats.Get(who)
	if len(ids) != 2 {
		t.Fatalf("%q are unread", ids)
	}
	r := &reading{b: b, counts: map[string]int{}}
	r.arrived(room{Ghost: s.ghost, Person: bob}, alice, ids[1])
	for i, d := range r.keep {
		if want := (bridges.Receipt{ID: ids[i], Chat: bridges.ChatID(bob), State: bridges.Delivered}); d.Event != want || d.Account != alice {
			t.Errorf("%+v", d)
		}
	}
	if len(r.keep) != 2 {
		t.Errorf("%d receipts", len(r.keep))
	}
}
