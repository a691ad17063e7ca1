package app

import (
	"io"
	"log/slog"
	"strings"
	"testing"
)

func TestRing(t *testing.T) {
	r := newRing(slog.NewTextHandler(io.Discard, nil))
	log := slog.New(r).With("bridge", "sms.example.org")
	log.Info("nothing to see")
	for i := range ringSize + 3 {
		log.WithGroup("g").Warn("careful", "n", i)
	}
	log.Error("é" + strings.Repeat("é", ringBytes))
	lines := r.last()
	if len(lines) != ringSize {
		t.Fatalf("%d lines", len(lines))
	}
	if want := "bridge=sms.example.org g.n=4"; !strings.Contains(lines[0], want) {
		t.Errorf("the oldest is %q", lines[0])
	}
	if last := lines[ringSize-1]; len(last) > ringBytes || !strings.Contains(last, "éé") {
		t.Errorf("the newest is %q", last)
	}
}
