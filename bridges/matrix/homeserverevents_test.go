package matrix

import "net/http"

func (h *homeserver) redact(r *http.Request, user string) (any, string) {
	x, txn := h.room(r), user+" redacts "+r.PathValue("txn")
	if _, code := h.event(r, user); code != "" {
		return nil, code
	}
	if _, ok := h.txns[txn]; !ok {
		h.txns[txn] = h.happens(x, spoken{Type: typeRedaction, Sender: user, Redacts: r.PathValue("event"), Content: []byte("{}")})
	}
	return map[string]string{"event_id": h.txns[txn]}, ""
}

func (h *homeserver) event(r *http.Request, user string) (any, string) {
	x := h.room(r)
	if x.members[user] != joined {
		return nil, "M_FORBIDDEN"
	}
	for _, e := range x.events {
		if e.ID == r.PathValue("event") {
			return e, ""
		}
	}
	return nil, "M_NOT_FOUND"
}

// relations are those that were not redacted.
func (h *homeserver) relations(r *http.Request, user string) (any, string) {
	x, gone, all := h.room(r), map[string]bool{}, []spoken{}
	if x.members[user] != joined {
		return nil, "M_FORBIDDEN"
	}
	for _, e := range x.events {
		gone[e.Redacts] = true
	}
	for _, e := range x.events {
		if utteredIn(e.Content).Relates.Event == r.PathValue("event") && e.Type == r.PathValue("type") && !gone[e.ID] {
			all = append(all, e)
		}
	}
	return map[string]any{"chunk": all}, ""
}
