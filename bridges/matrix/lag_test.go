package matrix

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"causeway/bridges"
)

// Reasons to think that what the homeserver pushes comes late, and none.
var lags = map[string]struct {
	does func(t *testing.T, b *Bridge)
	asks bool
}{
	"nothing":                                   {func(*testing.T, *Bridge) {}, false},
	"one is refused":                            {doesNotTake, true},
	"one is refused, and an old one taken":      {func(t *testing.T, b *Bridge) { doesNotTake(t, b); takesAged(t, b, lateBy) }, true},
	"one is refused, and a new one taken":       {func(t *testing.T, b *Bridge) { doesNotTake(t, b); takesAged(t, b, 0) }, false},
	"one is refused, and one of tomorrow taken": {func(t *testing.T, b *Bridge) { doesNotTake(t, b); takesAged(t, b, -24*time.Hour) }, true},
	"one was refused long ago":                  {func(t *testing.T, b *Bridge) { b.lag.fails(time.Now().Add(-failedLong)); takesAged(t, b, lateBy) }, false},
	"an old one is taken":                       {func(t *testing.T, b *Bridge) { takesAged(t, b, time.Hour) }, false},
	"nothing ran here":                          {func(_ *testing.T, b *Bridge) { b.lag.beat = time.Now().Add(-2 * stoodStill) }, true},
	"it does not reach us":                      {func(_ *testing.T, b *Bridge) { b.fellBy(errors.New("it does not")) }, true},
	"we run":                                    {func(_ *testing.T, b *Bridge) { b.lag.beat = time.Now() }, false},
}

func doesNotTake(t *testing.T, b *Bridge) {
	t.Helper()
	h := b.host.(*host)
	h.fail(errors.New("the store is away"))
	if push(t, b, text("!room", "$1", bob, body("x"))) == nil {
		t.Error("what was not kept was taken")
	}
	h.fail(nil)
}

// takesAged has a bridge take a transaction with an event of some age.
func takesAged(t *testing.T, b *Bridge, age time.Duration) {
	t.Helper()
	e := text("!room", "$2", bob, body("x"))
	e.Time = time.Now().Add(-age)
	pushes(t, b, e)
}

// While what the homeserver pushes may come late it is asked before a text whether the room
// is encrypted, now and then; without an answer nothing is said.
func TestEncryptedLate(t *testing.T) {
	for name, c := range lags {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, b, _, ghost := talking(t)
			s := open(t, b)
			send(t, s, bob, "before")
			here := invitation{"!room", ghost}
			c.does(t, b)
			later := func() {
				x, _ := b.sure.Get(here)
				b.sure.Set(here, certainty{time.Now().Add(-askGap), x.life})
			}
			asks := func(what string) bool {
				t.Helper()
				n := f.count("GET /state/m.room.encryption")
				send(t, s, bob, what)
				return f.count("GET /state/m.room.encryption") > n
			}
			if later(); asks("one") != c.asks || asks("two") {
				t.Error("it is asked, or not")
			}
			later()
			for key, says := range []answer{refused(502, "M_UNKNOWN"), secretRoom} {
				f.say("GET /state/m.room.encryption", says)
				before := f.count("PUT /send/")
				_, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: fmt.Sprint(key), Text: "x"})
				if waits := bridges.KindOf(err) == bridges.Temporary && f.count("PUT /send/") == before; waits != c.asks {
					t.Errorf("after %+v: %v", says, err)
				}
			}
		})
	}
}
