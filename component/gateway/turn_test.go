package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"causeway/bridges"
)

// A text of the user does not wait until nothing comes from the contact any more.
func TestTextBetweenEvents(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.g.router.hold(true)
		var events []bridges.Event
		for n := range 3 * inTurn {
			events = append(events, sms(fmt.Sprint(n)))
		}
		r.give(events...)
		r.receive(t, text("a1", "between"))
		before := make(chan int, 1)
		r.bridge.OnSend(func(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error) {
			before <- len(r.sent)
			return []bridges.MessageID{"m1"}, nil
		})
		r.g.router.hold(false)
		r.give(sms("the last"))
		if shown := messages(r.drain()); len(shown) != len(events)+1 || !strings.Contains(shown[len(events)], "the last") {
			t.Errorf("the user was shown %q", shown)
		}
		if n := <-before; n != inTurn {
			t.Errorf("the text went behind %d events", n)
		}
	})
}
