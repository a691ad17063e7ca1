package main_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/mapping"
)

// inDoubt is in the error for a text that may have been sent: the only one
// that may come for what has arrived (the design's table of promises).
const inDoubt = "may have been sent"

// allowed is what a fault may do to texts (docs/architecture.md, "What is
// promised"). The zero value allows nothing: each text arrives once, in order,
// and its sender has one receipt.
type allowed struct {
	lost    bool // what the gateway has not taken vanishes: it lay in a socket
	refused bool // texts that have not arrived have an error with words
	doubt   bool // texts that may have arrived have an error that says so
	again   bool // what goes to users comes once more, with the same id
	late    bool // texts in doubt reach the centre behind others
	twice   bool // texts come to users as new ones, when the answer to the first died with the centre
	died    bool // what the XMPP server had acknowledged died with it
}

// verdict accounts for everything.
func (k *traffic) verdict(may allowed) {
	k.t.Helper()
	late := k.centre.Texts.Totals().Late
	if n := k.centre.Texts.Totals(); n.Again > 0 || n.Late > 0 && !may.late {
		k.t.Errorf("at the centre %d texts came twice, %d out of order", n.Again, n.Late)
	}
	if k.wire != nil && len(k.wire.repeated) > 0 {
		k.t.Errorf("%d were sent again that the server had acknowledged: %.1000q", len(k.wire.repeated), k.wire.repeated)
	}
	if n := k.centre.Stats(); n.Unreadable > 0 || n.Rejected > 0 {
		k.t.Errorf("at the centre: %+v", n)
	}
	store := openCopy(k.t, k.gateway)
	waiting := k.leftInJournal(store, may)
	incomplete := map[string]map[uint64]bool{}
	for _, i := range k.centre.Incomplete() {
		if incomplete[i.Conversation] == nil {
			incomplete[i.Conversation] = map[uint64]bool{}
		}
		incomplete[i.Conversation][i.Number] = i.Known
	}
	handled := k.handled()
	outcomes := map[place]outcome{}
	for _, s := range k.senders {
		n := k.texts(s, handled, incomplete, outcomes, may)
		n.check(k.t, s, may)
		late -= len(n.doubt)
		k.inbound(s, may)
	}
	if may.late && late > 0 {
		k.t.Errorf("%d more texts were out of order than in doubt", late)
	}
	k.waiting(waiting, outcomes)
	for _, o := range k.orders {
		k.obeyed(o, may)
	}
	k.subscribed(store)
}

// reportOn is the id that only a report has among the events of the network.
var reportOn = regexp.MustCompile(`causeway/[0-9a-f]+`)

// pieceOf is what only a part of a text has: its number and their count.
var pieceOf = regexp.MustCompile(`\+1202555\d{4}.\d/\d`)

// consents is the answer to a question that the gateway asks behind all traffic,
// where a server does not complete a contact by itself. It may come at the stop.
var consents = regexp.MustCompile(`^<presence [^>]*type='subscribed'/>`)

// leftInJournal checks what is unsettled after a stop in order: only texts that
// await their report, and reports on texts that the gateway does not know; and
// a part of a text that came twice, the others of which do not. It returns the
// ids in those reports.
func (k *traffic) leftInJournal(store mapping.Store, may allowed) map[string]bool {
	waiting := map[string]bool{}
	var awaited []byte
	err := store.Replay(k.t.Context(), domain, func(_ mapping.Key, r mapping.Record) error {
		id := reportOn.Find(r.Data)
		switch {
		case r.Kind == mapping.Awaited:
			awaited = append(awaited, r.Data...)
		case may.twice && pieceOf.Match(r.Data):
		case r.Kind == mapping.FromXMPP && consents.Match(r.Data):
		case r.Kind != mapping.FromNetwork || id == nil:
			k.t.Errorf("unsettled after the end: %d %.300q", r.Kind, r.Data)
		default:
			waiting[string(id)] = true
		}
		return nil
	})
	if err != nil {
		k.t.Error(err)
	}
	for id := range waiting {
		_, known, err := store.MessageByID(k.t.Context(), domain, bridges.MessageID(id))
		if err != nil || known || bytes.Contains(awaited, append([]byte{byte(len(id))}, id...)) {
			k.t.Errorf("the report on %s waits, and its text is known: %v", id, err)
		}
	}
	if !store.Clean() {
		k.t.Error("the store was not closed in order")
	}
	return waiting
}

// waiting checks the reports that wait for an answer to their text. Either that
// died with the process, and the sender was told that the text is in doubt, or
// the report is a repetition of one that was shown, whose text is forgotten
// since. They wait for a minute, and are then dropped and counted
// (TestReportOnATextInDoubt of package gateway).
func (k *traffic) waiting(ids map[string]bool, outcomes map[place]outcome) {
	n := map[outcome]int{}
	for id := range ids {
		number, err := strconv.ParseUint(id[strings.LastIndexByte(id, '/')+1:], 16, 64)
		conversation, text, ok := k.centre.Place(fmt.Sprintf("%08x", number))
		o := outcomes[place{conversation, text}]
		if n[o]++; err != nil || !ok || o == other {
			k.t.Errorf("a report waits on %s, text %d of %s: it was neither in doubt nor reported", id, text, conversation)
		}
	}
	k.t.Logf("reports that wait: %d on texts in doubt, %d repetitions", n[doubtful], n[reported])
}

// place is where the centre books a text.
type place struct {
	conversation string
	number       uint64
}

// outcome is what the sender of a text was told.
type outcome int

const (
	other outcome = iota
	doubtful
	reported
)

// texts checks each text of a user and notes what the user was told.
func (k *traffic) texts(s *sender, handled map[string]bool, incomplete map[string]map[uint64]bool, outcomes map[place]outcome, may allowed) fates {
	var n fates
	for _, id := range s.ids() {
		conversation, number := s.place(id)
		arrived, partly := k.arrived(s, id), incomplete[conversation][number]
		a := s.answer[id]
		if a == nil {
			if may.died && k.wire.told(id) {
				n.died++
				continue
			}
			if k.journal.has(id) || arrived || partly || handled[id] || k.wire.took(id) {
				k.t.Errorf("%s was taken, and nobody is told what became of it (in the journal %v, arrived %v)", id, k.journal.has(id), arrived)
				continue
			}
			n.lost = append(n.lost, id)
			continue
		}
		if a.repeated() && !may.again {
			k.t.Errorf("%s has more than one answer: %+v", id, *a)
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
			n.doubt = append(n.doubt, id)
			outcomes[place{conversation, number}] = doubtful
		case arrived:
			n.delivered++
			outcomes[place{conversation, number}] = reported
		default:
			n.refused = append(n.refused, id+" "+told)
		}
	}
	return n
}

// fates are what became of a user's texts.
type fates struct {
	delivered            int
	died                 int      // the answer died with the XMPP server
	doubt, refused, lost []string // ids, and why they were refused
}

// check complains of what may not be.
func (n fates) check(t *testing.T, s *sender, may allowed) {
	t.Helper()
	t.Logf("%s sent %d texts: %d delivered, %d in doubt, %d refused meanwhile, answers of %d died, %d lost in the socket: %v",
		s.name, len(s.ids()), n.delivered, len(n.doubt), len(n.refused), n.died, len(n.lost), ranges(n.lost))
	for what, f := range map[string]struct {
		may bool
		ids []string
	}{"in doubt": {may.doubt, n.doubt}, "refused": {may.refused, n.refused}, "lost": {may.lost, n.lost}} {
		if !f.may && len(f.ids) > 0 {
			t.Errorf("%d texts of %s are %s, which may not be: %.1000s", len(f.ids), s.name, what, strings.Join(f.ids, ", "))
		}
	}
}

// ranges writes ids that follow each other as one: "ann-3…7".
func ranges(ids []string) string {
	var b strings.Builder
	last, length := "", 0
	for _, id := range append(ids, "") {
		prefix, n := splitID(id)
		before, m := splitID(last)
		if id != "" && prefix == before && n == m+1 {
			last, length = id, length+1
			continue
		}
		if length > 0 {
			fmt.Fprintf(&b, "…%d", m)
		}
		b.WriteString(" " + id)
		last, length = id, 0
	}
	return b.String()
}

// splitID cuts the number off an id.
func splitID(id string) (prefix string, n int) {
	prefix = strings.TrimRight(id, "0123456789")
	n, _ = strconv.Atoi(id[len(prefix):])
	return prefix, n
}

// handled returns the ids of stanzas that the log speaks of: those texts were
// taken, and something was done with them.
func (k *traffic) handled() map[string]bool {
	log, err := os.ReadFile(k.gateway.log)
	if err != nil {
		k.t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`\bstanza=(\S+)`).FindAllSubmatch(log, -1) {
		ids[string(m[1])] = true
	}
	return ids
}

// inbound checks what came for a user: all, in order, and what came again
// with the same id.
func (k *traffic) inbound(s *sender, may allowed) {
	in := s.report.Inbound
	if in.Late > 0 || !may.died && (in.Texts != s.moved || in.Missing > 0) || some(k.uncome(s)) {
		k.t.Errorf("%s got %d of %d texts, %d out of order:\n%s", s.name, in.Texts, s.moved, in.Late, strings.Join(s.late, "\n"))
	}
	if s.report.Reconnects > 0 && !may.died {
		k.t.Errorf("%s has lost its connection %d times", s.name, s.report.Reconnects)
	}
	if in.Again > 0 && !may.again && !may.twice {
		k.t.Errorf("%s got %d texts twice", s.name, in.Again)
	}
	if in.Again > len(s.changed) && !may.again {
		k.t.Errorf("%s got %d texts twice, and only these with another id: %v", s.name, in.Again, s.changed)
	}
	if len(s.changed) > 0 && !may.twice {
		k.t.Errorf("%s got texts twice with different ids: %v", s.name, s.changed)
	}
	k.t.Logf("%s got %d texts, %d of them once more with the same id", s.name, in.Texts, in.Again-len(s.changed))
}

// obeyed checks orders: what is journalled is answered, nothing is answered in
// two ways, and nothing is carried out twice.
func (k *traffic) obeyed(o *orders, may allowed) {
	lost := 0
	for _, id := range o.ids() {
		switch n := o.answers(id); {
		case n > 1:
			k.t.Errorf("%s has different answers: %v", id, o.got[id])
		case n == 0 && k.journal.has(id):
			k.t.Errorf("%s was journalled and has no answer", id)
		case n == 0:
			if lost++; !may.lost {
				k.t.Errorf("%s is lost", id)
			}
		case o.repeated(id) && !may.again:
			k.t.Errorf("%s was answered twice", id)
		}
	}
	left := o.results("leave-")
	if n := len(o.welcomes); left > 0 && n != left && n != left+1 {
		k.t.Errorf("%d registrations and %d removals", n, left)
	}
	k.t.Logf("%d orders, %d welcomes, %d removals, %d lost in the socket", len(o.ids()), len(o.welcomes), left, lost)
}

// subscribed checks that subscriptions are in force: those that were in the
// journal, and where nothing can get lost all that were asked for.
func (k *traffic) subscribed(store mapping.Store) {
	all := maps.Clone(k.journal.contacts)
	for _, o := range k.orders {
		if k.setup.whole {
			maps.Copy(all, o.contacts)
		}
	}
	for contact := range all {
		c, ok, err := store.Contact(k.t.Context(), domain, "dan@localhost", bridges.ChatID(contact))
		if err != nil || !ok || c.Subscription&mapping.SeesContact == 0 {
			k.t.Errorf("the subscription to %s was taken and is not in force: %+v %v", contact, c, err)
		}
	}
	k.t.Logf("%d subscriptions must be in force", len(all))
}
