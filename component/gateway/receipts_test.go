package gateway

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

const receiptPattern = `<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org/phone'><received xmlns='urn:xmpp:receipts' id='a1'/><store xmlns='urn:xmpp:hints'/></message>` // 0184.1 0334.1

func parts(ids ...bridges.MessageID) func(context.Context, bridges.Message) ([]bridges.MessageID, error) {
	return func(context.Context, bridges.Message) ([]bridges.MessageID, error) { return ids, nil }
}

func failedReceipt(id bridges.MessageID, kind bridges.Kind) bridges.Receipt {
	return bridges.Receipt{ID: id, Chat: phone, State: bridges.Failed, Reason: &bridges.Error{Kind: kind, Text: "The phone is off."}}
}

func TestReceipts(t *testing.T) {
	t.Run("0184.1 when all parts are delivered", func(t *testing.T) {
		r := newRig(t)
		r.bridge.OnSend(parts("p1", "p2"))
		r.Send(text("a1", "long"))
		r.onPhone()
		r.deliver(delivered("p2"))
		r.deliver(sms("between"))
		r.Receive(`<message type='chat' from='*' to='*'><body>between</body></message>`)
		r.deliver(delivered("p1"))
		r.Receive(receiptPattern)
	})
	t.Run("0184.2 only when asked", func(t *testing.T) {
		r := newRig(t)
		r.Send(`<message type='chat' id='q' from='alice@example.org/phone' to='+12025550100@sms.example.org'><body>x</body></message>`)
		r.onPhone()
		r.deliver(delivered("m1"), sms("next"))
		r.Receive(`<message type='chat' from='*' to='*'><body>next</body></message>`)
	})
	t.Run("0184.3 once", func(t *testing.T) {
		r := newRig(t)
		r.Send(text("a1", "x"))
		r.onPhone()
		r.deliver(delivered("m1"), delivered("m1"), failedReceipt("m1", bridges.Absent), sms("next"))
		r.Receive(receiptPattern)
		r.Receive(`<message type='chat' from='*' to='*'><body>next</body></message>`)
	})
}

func TestReceiptsAndFailures(t *testing.T) {
	t.Run("0184.4 failure is an error, once", func(t *testing.T) {
		r := newRig(t)
		r.bridge.OnSend(parts("p1", "p2"))
		r.Send(text("a1", "long"))
		r.onPhone()
		r.deliver(failedReceipt("p1", bridges.Absent), failedReceipt("p2", bridges.Absent), sms("next"))
		r.Receive(stanzaError("a1", "wait", "recipient-unavailable"))
		r.Receive(`<message type='chat' from='*' to='*'><body>next</body></message>`)
	})
	t.Run("sms 8 late delivery after an error", func(t *testing.T) {
		r := newRig(t)
		r.Send(text("a1", "x"))
		r.onPhone()
		r.deliver(failedReceipt("m1", bridges.Absent))
		r.Receive(stanzaError("a1", "wait", "recipient-unavailable"))
		r.deliver(delivered("m1"))
		r.Receive(receiptPattern)
	})
	t.Run("a receipt that overtakes its submission", func(t *testing.T) {
		r := newRig(t)
		host := r.bridge.Host()
		r.bridge.OnSend(func(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error) {
			// Another conversation: this one is busy sending.
			e := bridges.Receipt{ID: "fast", Chat: "+12025550101", State: bridges.Delivered}
			return []bridges.MessageID{"fast"}, host.Deliver(ctx, []bridges.Delivery{{Account: alice, Event: e}})
		})
		r.Send(text("a1", "x"))
		r.Receive(receiptPattern)
	})
	t.Run("known to the store only", func(t *testing.T) {
		r := newRig(t)
		r.bridge.OnSend(parts("p1", "p2"))
		r.Send(text("a1", "x"))
		r.onPhone()
		r.deliver(delivered("p1"), sms("sync"))
		r.Receive(`<message type='chat' from='*' to='*'><body>sync</body></message>`)
		r.g.sent.byID = newSentMessages().byID
		r.deliver(delivered("p2"))
		r.Receive(receiptPattern)
	})
}

// The answer to a text dies with the process, and then its report comes: it is
// held, over another crash too, and in the end dropped and counted.
func TestReportOnATextInDoubt(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.bridge.OnSend(func(ctx context.Context, _ bridges.Message) ([]bridges.MessageID, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		r.receive(t, text("1", "one"))
		<-r.bridge.Sent()
		next := r.crash(bridgetest.SMS())
		next.give(delivered("m1"))
		next = next.crash(bridgetest.SMS())
		for _, step := range []struct {
			wait          time.Duration
			held, dropped int
		}{{earlyTime - 2*time.Second, 1, 0}, {4 * time.Second, 0, 1}} {
			time.Sleep(step.wait)
			synctest.Wait()
			held, _ := next.store.count()
			dropped := testutil.ToFloat64(next.g.cfg.Metrics.dropped.WithLabelValues(domain, "receipt for an unknown message"))
			if held != step.held || int(dropped) != step.dropped {
				t.Errorf("%d held, %v dropped, want %+v", held, dropped, step)
			}
		}
		if told := strings.Join(next.drain(), ""); strings.Contains(told, "received") {
			t.Errorf("0184.1: a receipt for a text that is said to be in doubt: %s", told)
		}
		*r = *next
	})
}
