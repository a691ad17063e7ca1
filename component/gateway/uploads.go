package gateway

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
	"unicode"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/component/stanza"
	"causeway/component/xep/disco"
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

// fitsBody tells whether a URL is one that clients take for a file (xeps.md 0066.1).
// Where the server has no TLS it is the operator's own.
func fitsBody(link string) bool {
	return isWeb(link) && len(link) <= 4096 &&
		!strings.ContainsRune(link, '#') && !strings.ContainsFunc(link, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// files is what is known of where files go. It is safe for concurrent use.
type files struct {
	services *cache.Cache[string, service]   // that take files, by the host of their users
	told     *cache.Cache[string, time.Time] // what the operator was told of, and when
}

func newFiles() *files {
	return &files{services: cache.New[string, service](64), told: cache.New[string, time.Time](64)}
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
