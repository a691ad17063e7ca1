package appservice

import (
	"strings"
	"testing"
)

// BenchmarkTransaction decodes as many events as Synapse sends at once.
func BenchmarkTransaction(b *testing.B) {
	body := []byte(`{"events":[` + strings.Repeat(hello+",", 99) + world + "]}")
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, bad, err := decodeTransaction("1", body); err != nil || bad != nil {
			b.Fatal(bad, err)
		}
	}
}
