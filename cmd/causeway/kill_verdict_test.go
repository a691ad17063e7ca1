package main_test

import (
	"strings"

	"causeway/bridges"
	"causeway/mapping"
)

// inDoubt is in the error for a text that may have been sent: the only one
// that may come for what has arrived (the design's table of promises).
const inDoubt = "may have been sent"

// verdict accounts for everything.
func (k *killing) verdict() {
	if k.journal.records == 0 {
		k.t.Error("no kill has met anything in the journal: the load is too light")
	}
	if n := k.centre.Texts.Totals(); n.Again > 0 || n.Late > 0 {
		k.t.Errorf("at the centre %d texts came twice, %d out of order", n.Again, n.Late)
	}
	if n := k.centre.Stats(); n.Unreadable > 0 || n.Rejected > 0 {
		k.t.Errorf("at the centre: %+v", n)
	}
	store := openCopy(k.t, k.gateway)
	k.emptyJournal(store)
	incomplete := map[string]map[uint64]bool{}
	for _, i := range k.centre.Incomplete() {
		if incomplete[i.Conversation] == nil {
			incomplete[i.Conversation] = map[uint64]bool{}
		}
		incomplete[i.Conversation][i.Number] = i.Known
	}
	for _, s := range k.senders {
		k.texts(s, store, incomplete)
		k.inbound(s)
	}
	for _, o := range k.orders {
		k.obeyed(o)
	}
	k.subscribed(store)
}

// emptyJournal checks that nothing is unsettled after a stop in order.
func (k *killing) emptyJournal(store mapping.Store) {
	left := 0
	err := store.Replay(k.t.Context(), domain, func(mapping.Key, mapping.Record) error { left++; return nil })
	if err != nil || left > 0 {
		k.t.Errorf("after the end %d records are unsettled: %v", left, err)
	}
	if !store.Clean() {
		k.t.Error("the store was not closed in order")
	}
}

// texts checks each text of a user.
func (k *killing) texts(s *sender, store mapping.Store, incomplete map[string]map[uint64]bool) {
	var lost []string
	delivered, failed, doubtful := 0, 0, 0
	for _, id := range s.ids() {
		conversation, number := s.place(id)
		arrived, partly := k.arrived(s, id), incomplete[conversation][number]
		a := s.answer[id]
		if a == nil {
			if k.journal.has(id) || arrived || partly || k.known(store, s, id) {
				k.t.Errorf("%s was taken, and nobody is told what became of it (in the journal %v, arrived %v)", id, k.journal.has(id), arrived)
				continue
			}
			lost = append(lost, id)
			continue
		}
		told := strings.Join(a.errors, "; ")
		switch doubt := strings.Contains(told, inDoubt); {
		case len(a.receipts) > 1:
			k.t.Errorf("0184.3: %s has %d receipts", id, len(a.receipts))
		case len(a.receipts) > 0 && !arrived:
			k.t.Errorf("%s has a receipt and has not arrived", id)
		case (arrived || partly) && len(a.errors) > 0 && !doubt:
			k.t.Errorf("%s has arrived and failed: %s", id, told)
		case doubt:
			doubtful++
		case arrived:
			delivered++
		default:
			failed++
		}
	}
	k.t.Logf("%s sent %d texts: %d delivered, %d in doubt, %d refused meanwhile, %d lost in the socket: %v",
		s.name, len(s.ids()), delivered, doubtful, failed, len(lost), lost)
}

// known tells whether the store remembers that a text was sent.
func (k *killing) known(store mapping.Store, s *sender, id string) bool {
	conversation, _ := s.place(id)
	_, to, _ := strings.Cut(conversation, ">")
	parts, err := store.Parts(k.t.Context(), domain, bridges.AccountID(s.name+"@localhost"), bridges.ChatID("+"+to), id)
	if err != nil {
		k.t.Error(err)
	}
	return len(parts) > 0
}

// inbound checks what came for a user: all, in order, and what came again
// with the same id.
func (k *killing) inbound(s *sender) {
	in := s.report.Inbound
	if in.Texts != s.moved || in.Late > 0 || in.Missing > 0 {
		k.t.Errorf("%s got %d of %d texts, %d out of order", s.name, in.Texts, s.moved, in.Late)
	}
	if len(s.changed) > 0 {
		k.t.Errorf("%s got texts twice with different ids: %v", s.name, s.changed)
	}
	k.t.Logf("%s got %d texts, %d of them once more with the same id", s.name, in.Texts, in.Again)
}

// obeyed checks orders: what is journalled is answered, nothing is answered in
// two ways, and nothing is carried out twice.
func (k *killing) obeyed(o *orders) {
	lost := 0
	for _, id := range o.ids() {
		switch n := o.answers(id); {
		case n > 1:
			k.t.Errorf("%s has different answers: %v", id, o.got[id])
		case n == 0 && k.journal.has(id):
			k.t.Errorf("%s was journalled and has no answer", id)
		case n == 0:
			lost++
		}
	}
	left := o.results("leave-")
	if n := len(o.welcomes); left > 0 && n != left && n != left+1 {
		k.t.Errorf("%d registrations and %d removals", n, left)
	}
	k.t.Logf("%d orders, %d welcomes, %d removals, %d lost in the socket", len(o.ids()), len(o.welcomes), left, lost)
}

// subscribed checks that journalled subscriptions are in force.
func (k *killing) subscribed(store mapping.Store) {
	for contact := range k.journal.contacts {
		c, ok, err := store.Contact(k.t.Context(), domain, "dan@localhost", bridges.ChatID(contact))
		if err != nil || !ok || c.Subscription&mapping.SeesContact == 0 {
			k.t.Errorf("the subscription to %s was journalled and is not in force: %+v %v", contact, c, err)
		}
	}
	k.t.Logf("%d subscriptions were in the journal at a kill", len(k.journal.contacts))
}
