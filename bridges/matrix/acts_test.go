package matrix

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

var (
	_, _ bridgetest.Acting = (*homeserver)(nil), (*person)(nil)
	_, _ bridgetest.Asking = (*homeserver)(nil), (*person)(nil)
	_, _ bridgetest.Seeing = (*homeserver)(nil), (*person)(nil)
)

// doing is the event by which a person does something to another, or sends the file
// at url.
func doing(a bridgetest.Act, of, url string) (kind string, content map[string]any) {
	content = map[string]any{"msgtype": "m.text", "body": a.Text}
	relates := map[string]any{"event_id": of}
	switch a.Takes {
	case bridges.CanEdits:
		relates["rel_type"] = relReplace
		content["m.new_content"] = map[string]any{"msgtype": "m.text", "body": a.Text}
		content["body"] = fallbackEdit + a.Text
	case bridges.CanReactions:
		relates["rel_type"], relates["key"] = relAnnotation, a.Text
		return typeReaction, map[string]any{"m.relates_to": relates}
	case bridges.CanReplies:
		relates = map[string]any{"m.in_reply_to": map[string]any{"event_id": of}}
	case bridges.CanThreads:
		relates["rel_type"], relates["is_falling_back"] = relThread, true
		relates["m.in_reply_to"] = map[string]any{"event_id": of}
	case bridges.CanStyling:
		content["format"], content["formatted_body"] = formatHTML, strings.Replace(a.Text, "*bold*", "<strong>bold</strong>", 1)
		return typeMessage, content
	case bridges.CanFiles:
		return typeMessage, map[string]any{"msgtype": msgFile, "body": a.Text, "url": url, "info": map[string]any{"size": len(a.Text)}}
	}
	content["m.relates_to"] = relates
	return typeMessage, content
}

// redacted returns what is redacted by an act, if anything is.
func (h *history) redacted(a bridgetest.Act, of string) (id string, is bool) {
	switch {
	case a.Takes == bridges.CanRetractions:
		return of, true
	case !a.Ends:
		return "", false
	}
	for id, e := range h.was {
		c := e.content
		if c.Relates.Event == of && (e.kind == typeReaction && c.Relates.Key == a.Text || c.New != nil && c.New.Body == a.Text) {
			return id, true
		}
	}
	return "", true
}

// find returns the event of a text as it first was; "": there is none.
func (h *history) find(text string) string {
	for id, e := range h.was {
		if e.kind == typeMessage && e.content.New == nil && e.content.Body == text {
			return id
		}
	}
	return ""
}

// Ask implements bridgetest.Asking: an invitation to another room asks again.
func (h *homeserver) Ask(_ *testing.T, to bridges.UserID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.becomes(h.found(bobID), bobID, userID(to), invited)
}

// Act implements bridgetest.Acting.
func (h *homeserver) Act(_ *testing.T, to bridges.UserID, a bridgetest.Act) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x, of := h.together(userID(to)), h.seen.find(a.Of)
	if x == nil {
		return // who has left sees nothing
	}
	switch a.Takes {
	case bridges.CanDisplayed, bridges.CanReceipts:
		h.signs(spoken{Type: typeReceipt, Room: x.id}, map[string]any{of: map[string]any{"m.read": map[string]any{bobID: map[string]any{"ts": 1}}}})
	case bridges.CanTyping:
		h.signs(spoken{Type: typeTyping, Room: x.id}, map[string]any{"user_ids": map[bool][]string{true: {}, false: {bobID}}[a.Ends]})
	case bridges.CanPresence:
		h.signs(spoken{Type: typePresence, Sender: bobID}, map[string]any{"presence": presenceIn(a), "status_msg": a.Text})
	case bridges.CanPictures:
		who := bobID
		h.happens(x, spoken{Type: typeMember, Sender: bobID, StateKey: &who, Content: []byte(`{"membership": "join", "avatar_url": "mxc://localhost/face"}`)})
	default:
		if id, is := h.seen.redacted(a, of); is {
			h.happens(x, spoken{Type: typeRedaction, Sender: bobID, Redacts: id, Content: []byte("{}")})
			return
		}
		file := fmt.Sprint("file", len(h.files))
		h.files[file] = a.Text
		kind, content := doing(a, of, "mxc://localhost/"+file)
		raw, _ := json.Marshal(content)
		h.happens(x, spoken{Type: kind, Sender: bobID, Content: raw})
	}
}

func presenceIn(a bridgetest.Act) string {
	return presenceOf[map[bool]bridges.Show{true: bridges.Away, false: bridges.Available}[a.Ends]]
}

// signs has the bridge told what is of no room's history.
func (h *homeserver) signs(e spoken, content map[string]any) {
	h.n++
	e.Content, _ = json.Marshal(content)
	h.queue = append(h.queue, &pushed{id: h.n, signs: []spoken{e}})
	nudge(h.news)
}

// download gives a file.
func (h *homeserver) download(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, _ = io.WriteString(w, h.files[r.PathValue("id")])
}
