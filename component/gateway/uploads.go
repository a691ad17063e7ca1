package gateway

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
	"unicode"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/media"
	"causeway/component/stanza"
	"causeway/component/xep/disco"
	"causeway/component/xep/privilege"
	"causeway/component/xep/upload"
)

const (
	// uploadTime bounds an answer about uploads.
	uploadTime = 15 * time.Second
	// serviceAge is after how long a host is asked again for its upload service, and
	// noServiceAge when it had none.
	serviceAge, noServiceAge = time.Hour, 5 * time.Minute
	// maxItems bounds the entities of a host that are asked what they are.
	maxItems = 30
)

// service is the upload service of a host; without an address there is none.
type service struct {
	jid string
	max int64 // the largest file in bytes; 0: it does not say
	at  time.Time
}

func (s service) fresh(now time.Time) bool {
	if s.jid == "" {
		return now.Sub(s.at) < noServiceAge
	}
	return now.Sub(s.at) < serviceAge
}

// offerFiles has the media service know where files come from that are linked. The
// links of an account end with it (xeps.md 0077.17).
func (g *Gateway) offerFiles() {
	o, ok := g.cfg.Bridge.(bridges.Opener)
	if !ok || g.cfg.Media == nil {
		return
	}
	g.cfg.Media.Register(g.domain, func(ctx context.Context, account bridges.AccountID, f bridges.File) (*bridges.Content, error) {
		_, registered, err := g.accounts.find(ctx, account)
		switch {
		case err != nil:
			return nil, &bridges.Error{Kind: bridges.Temporary, Text: "The gateway cannot look the account up now.", Cause: err}
		case !registered:
			return nil, &bridges.Error{Kind: bridges.NotFound, Text: "There is no such file any more."}
		}
		return o.OpenFile(ctx, account, f)
	})
}

var errNoService = &bridges.Error{Kind: bridges.Unsupported, Text: "The server takes no files."}

// uploadService finds the upload service of a host (xeps.md 0363.1).
func (g *Gateway) uploadService(ctx context.Context, host string) (service, error) {
	now := time.Now()
	s, known := g.files.services.Get(host)
	if !known || !s.fresh(now) {
		found, err := g.findService(ctx, host)
		if err != nil {
			return s, err
		}
		s = found
		s.at = now
		g.files.services.Set(strings.Clone(host), s)
	}
	if s.jid == "" {
		return s, errNoService
	}
	return s, nil
}

// findService asks a host what there is, and each of that what it is, all at once:
// some may be components that do not answer.
func (g *Gateway) findService(ctx context.Context, host string) (service, error) {
	a, err := g.askServer(ctx, host, disco.AppendItemsQuery)
	if err != nil {
		return service{}, err
	}
	jids := append(disco.Items(a, maxItems), host)
	found, errs := make([]service, len(jids)), make([]error, len(jids))
	var wg sync.WaitGroup
	for i, jid := range jids {
		if jid != g.domain {
			wg.Go(func() { found[i], errs[i] = g.serviceAt(ctx, strings.Clone(jid)) })
		}
	}
	wg.Wait()
	for _, s := range found {
		if s.jid != "" {
			return s, nil
		}
	}
	return service{}, errors.Join(errs...)
}

// serviceAt asks an entity whether it is an upload service.
func (g *Gateway) serviceAt(ctx context.Context, jid string) (s service, err error) {
	a, err := g.askServer(ctx, jid, func(w *stanza.Writer) { disco.AppendQuery(w, "") })
	var refused *stanza.Error
	if errors.As(err, &refused) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	q, _ := a.Child(disco.NSInfo, "query")
	for f := range q.All(disco.NSInfo, "feature") {
		if f.Attr("var") == upload.NS {
			s = service{jid: jid, max: upload.MaxSize(q)}
		}
	}
	return s, nil
}

// askServer sends one question.
func (g *Gateway) askServer(ctx context.Context, to string, write func(w *stanza.Writer)) (*stanza.Stanza, error) {
	ctx, cancel := context.WithTimeout(ctx, uploadTime)
	defer cancel()
	o := &stanza.Out{Kind: stanza.IQ, Type: "get", From: g.domain, To: to}
	write(&o.Payload)
	s, err := g.link.Request(ctx, o)
	if errors.Is(err, context.DeadlineExceeded) {
		err = &bridges.Error{Kind: bridges.Temporary, Text: "The server does not answer.", Cause: err}
	}
	return s, err
}

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

// fitsBody tells whether a URL is one that clients take for a file (xeps.md 0066.1).
// Where the server has no TLS it is the operator's own.
func fitsBody(link string) bool {
	return isWeb(link) && len(link) <= 4096 &&
		!strings.ContainsRune(link, '#') && !strings.ContainsFunc(link, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// tellOperator says why files of a host become texts, and what to open (xeps.md
// 0363.4, F13), once an hour for each reason.
func (g *Gateway) tellOperator(host string, err error) {
	what := "the file could not be had"
	switch kind := bridges.KindOf(err); {
	case errors.Is(err, errNoMedia):
		what = "this program moves no files"
	case errors.Is(err, errNoService):
		what = "the server has no upload service (Prosody: http_file_share, ejabberd: mod_http_upload), and http.public_url is not set"
	case kind == bridges.Forbidden:
		what = "the upload service refuses us: let " + g.domain + " upload (Prosody: http_file_share_access, ejabberd: the access rule of mod_http_upload)"
	case kind == bridges.Quota:
		what = "the upload service's quota is used up: raise it, or let us ask as the users (Prosody: privileged_entities, iq, " + upload.NS + ")"
	case kind == bridges.NotAllowed:
		what = "the upload service's HTTP address is private: name it in media.fetch_private"
	case kind == bridges.NotFound:
		return // of the network
	}
	name, now := host+" "+what, time.Now()
	if last, ok := g.files.told.Get(name); ok && now.Sub(last) < warnTime {
		return
	}
	g.files.told.Set(name, now)
	g.log.Warn("files of the network cannot be uploaded", "host", host, "reason", what, "err", err)
}
