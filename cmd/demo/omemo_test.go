package main

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	pages "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// stanzaDoor lets the test send what the client would not: send(XML) in the
// frame of the client. The script without a type tells the client where its
// cryptography is.
const stanzaDoor = `
document.head.append(Object.assign(document.createElement('script'), { type: 'none', src: 'converse/converse.min.js' }));
converse.plugins.add('door', { initialize() {
  const { api } = this._converse;
  window.send = xml => api.send(new DOMParser().parseFromString(xml, 'text/xml').documentElement);
} });
converse.initialize({
  whitelisted_plugins: ['door'],`

// withOMEMO has the page at address get a client that encrypts if it can.
func withOMEMO(t *testing.T, address string) chromedp.Action {
	t.Helper()
	resp, err := http.Get(address + "client/client.js")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	script, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	without := "blacklisted_plugins: ['converse-omemo', 'converse-omemo-views'],"
	if !strings.Contains(string(script), without) {
		t.Fatal("the page no longer turns OMEMO off")
	}
	edited := strings.NewReplacer(without, "", "converse.initialize({", stanzaDoor).Replace(string(script))
	return chromedp.ActionFunc(func(ctx context.Context) error {
		chromedp.ListenTarget(ctx, func(e any) {
			if e, ok := e.(*fetch.EventRequestPaused); ok {
				go fulfil(ctx, t, e.RequestID, edited) // a listener must not wait for the browser
			}
		})
		if err := pages.SetBypassCSP(true).Do(ctx); err != nil { // the client's cryptography is WebAssembly
			return err
		}
		return fetch.Enable().WithPatterns([]*fetch.RequestPattern{{URLPattern: "*/client/client.js"}}).Do(ctx)
	})
}

func fulfil(ctx context.Context, t *testing.T, id fetch.RequestID, script string) {
	err := fetch.FulfillRequest(id, http.StatusOK).
		WithResponseHeaders([]*fetch.HeaderEntry{{Name: "Content-Type", Value: "text/javascript"}}).
		WithBody(base64.StdEncoding.EncodeToString([]byte(script))).Do(ctx)
	if err != nil {
		t.Error(err)
	}
}
