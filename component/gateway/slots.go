package gateway

import (
	"context"
	"errors"
	"time"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/media"
	"causeway/component/stanza"
	"causeway/component/xep/privilege"
	"causeway/component/xep/upload"
)

// slot asks for a place for a file: as the user, where the host lets us, so that it
// counts as the user's own, else as ourselves (xeps.md 0363.5).
func (g *Gateway) slot(ctx context.Context, to service, id bridges.AccountID, f upload.Request) (put media.Slot, get string, err error) {
	if to.max > 0 && f.Size > to.max {
		return put, "", &bridges.Error{Kind: bridges.TooLong, Text: "The file is too large for the server."}
	}
	found, err := g.slotAsUser(ctx, to.jid, id, f.Append)
	if errors.Is(err, errNoRight) {
		var a *stanza.Stanza
		if a, err = g.askServer(ctx, to.jid, f.Append); err == nil {
			found, err = slotIn(a.Root())
		}
	}
	if err != nil {
		return put, "", slotError(err, time.Now())
	}
	if !fitsBody(found.Get) {
		return put, "", &bridges.Error{Kind: bridges.Rejected, Text: "The server has no address for the file."}
	}
	return media.Slot{URL: found.Put, Header: found.Header}, found.Get, nil
}

var (
	errNoRight = errors.New("gateway: the host does not let us ask for its users")
	errNoSlot  = &bridges.Error{Kind: bridges.Rejected, Text: "The server has no place for the file."}
)

// slotAsUser asks on behalf of the user (xeps.md 0356.15-17). A host that does not
// want that is not asked again until it says anew what it grants.
//
// COMPAT: ejabberd drops what it refuses (xeps.md F3).
func (g *Gateway) slotAsUser(ctx context.Context, to string, id bridges.AccountID, ask func(w *stanza.Writer)) (upload.Slot, error) {
	host := hostOf(id)
	age := g.privileges.age(host)
	if r := g.rights(host); !r.Upload || r.NS != privilege.NS {
		return upload.Slot{}, errNoRight
	}
	a, err := g.askServer(ctx, string(id), privilege.Query{To: to, ID: newID(), Payload: ask}.Append)
	if err != nil && (errors.Is(err, component.ErrDown) || ctx.Err() != nil) {
		return upload.Slot{}, err
	}
	iq, ok := stanza.Element{}, false
	if err == nil {
		iq, ok = privilege.Answer(a)
	}
	if !ok {
		g.log.Warn("the server grants slots for its users, but does not give them", "host", host, "err", err)
		g.privileges.lose(host, age, noUpload)
		return upload.Slot{}, errNoRight
	}
	return slotIn(iq)
}

// slotIn reads an answer to a request for a slot.
func slotIn(iq stanza.Element) (upload.Slot, error) {
	if e, failed := iq.Child("", "error"); failed {
		return upload.Slot{}, stanza.ErrorIn(e)
	}
	s, ok := upload.Find(iq)
	if !ok {
		return s, errNoSlot
	}
	return s, nil
}

// slotError says what a server means that gives no slot (xeps.md 0363.4).
func slotError(err error, now time.Time) error {
	var e *stanza.Error
	if !errors.As(err, &e) {
		return err
	}
	out := &bridges.Error{Kind: bridges.Rejected, Text: "The server takes no such file.", Cause: e}
	more := upload.Refusal{}
	if s, err := stanza.Parse([]byte("<iq><error>" + string(e.App.Bytes()) + "</error></iq>")); err == nil {
		more = upload.FindRefusal(s.Root())
	}
	switch {
	case more.TooLarge:
		out.Kind, out.Text = bridges.TooLong, "The file is too large for the server."
	case e.Condition == "resource-constraint":
		out.Kind, out.Text = bridges.Quota, "Too much was uploaded to the server."
		if wait := more.Retry.Sub(now); wait > 0 && wait <= time.Minute {
			out.Kind, out.After = bridges.Temporary, wait
		}
	case e.Condition == "forbidden", e.Condition == "not-allowed", e.Condition == "not-authorized", e.Condition == "registration-required":
		out.Kind, out.Text = bridges.Forbidden, "The server does not let us upload files."
	case e.Type == "wait":
		out.Kind = bridges.Temporary
	}
	return out
}
