package client

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkSend has the homeserver's part in it, which does nothing.
func BenchmarkSend(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"event_id":"$e"}`)
	}))
	defer server.Close()
	h, err := New(Config{URL: server.URL, Token: token})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	content := map[string]string{"msgtype": "m.text", "body": "hello"}
	for b.Loop() {
		if _, err := h.As(ghost).Send(b.Context(), "!room", "m.room.message", "txn", content); err != nil {
			b.Fatal(err)
		}
	}
}
