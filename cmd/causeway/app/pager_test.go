package app

import (
	"log/slog"
	"os"
	"strings"
	"testing"

	"causeway/bridges/bridgetest/pager"
	"causeway/cmd/causeway/config"
)

// pagers is the table with the network of docs/adding-a-network.md alone.
var pagers = map[string]network{
	"pager": of(func(c pager.Config, _ deps) (*pager.Bridge, error) { return pager.New(c), nil }),
}

// TestPagers: the line and the block that the document shows make a bridge.
func TestPagers(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/adding-a-network.md")
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile("pager_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if line := strings.TrimSpace(shown(string(doc), "go")); !strings.Contains(string(own), line) {
		t.Errorf("the document has the line %s", line)
	}
	block := "bridges:\n" + shown(string(doc), "yaml")
	c, err := config.Parse("doc", []byte(block), func(string) (string, bool) { return "", false }, config.Networks{"pager": pagers["pager"].config})
	if err != nil {
		t.Fatal(err)
	}
	read, ok := c.Bridges[0].Own.(*pager.Config)
	if !ok || read.URL == "" || read.Password == "" {
		t.Fatalf("the block is %+v", c.Bridges[0])
	}
	b, err := pagers["pager"].open(c.Bridges[0].Own, deps{Log: slog.New(slog.DiscardHandler)})
	if err != nil || b.Info().Name != "Pager" {
		t.Error(b, err)
	}
}

// shown returns the last example in a language, which is indented.
func shown(doc, language string) string {
	_, rest, _ := strings.Cut(doc[strings.LastIndex(doc, "   ```"+language+"\n"):], "\n")
	text, _, _ := strings.Cut(rest, "   ```")
	return text
}
