package matrix

import (
	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/event"
)

// owedKept bounds the transactions whose receipts are remembered.
const owedKept = 16

// owed are the receipts of transactions that were not taken, by the ids of these: Synapse
// sends such a one again without them.
type owed map[string][]event.Event

// keep remembers those of a transaction that was not taken.
func (o *owed) keep(t *appservice.Transaction) {
	if *o == nil || len(*o) >= owedKept {
		*o = owed{}
	}
	for _, e := range t.Ephemeral {
		if e.Type == typeReceipt {
			(*o)[t.ID] = append((*o)[t.ID], e)
		}
	}
}

// of returns what comes with a transaction, or came with it before.
func (o owed) of(t *appservice.Transaction) []event.Event {
	if len(t.Ephemeral) > 0 {
		return t.Ephemeral
	}
	return o[t.ID]
}
