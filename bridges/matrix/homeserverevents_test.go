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
			if edits := x.related(e.ID, e.Type, relReplace); len(edits) > 0 {
				e.Unsigned = map[string]any{"m.relations": map[string]any{relReplace: edits[len(edits)-1]}}
			}
			return e, ""
		}
	}
	return nil, "M_NOT_FOUND"
}

// relations are those that were not redacted.
func (h *homeserver) relations(r *http.Request, user string) (any, string) {
	x := h.room(r)
	if x.members[user] != joined {
		return nil, "M_FORBIDDEN"
	}
	return map[string]any{"chunk": x.related(r.PathValue("event"), r.PathValue("type"), r.PathValue("rel"))}, ""
}

func (x *joint) related(id, kind, rel string) []spoken {
	gone, all := map[string]bool{}, []spoken{}
	for _, e := range x.events {
		gone[e.Redacts] = true
	}
	for _, e := range x.events {
		if is := utteredIn(e.Content).Relates; is.Event == id && is.Type == rel && e.Type == kind && !gone[e.ID] {
			all = append(all, e)
		}
	}
	return all
}
