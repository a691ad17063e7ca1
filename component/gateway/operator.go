package gateway

import (
	"context"
	"strings"
)

// Operator does for administrators what is not of one bridge. All its methods
// may be called from any goroutine.
type Operator interface {
	// Reload reads the configuration again and says in words what came of it.
	// It blocks on the disk.
	Reload() string
	// LastErrors returns the newest warnings and errors of the log, the oldest
	// first, without texts of users. It does not block.
	LastErrors() []string
}

// operatorTable lists what needs an Operator.
var operatorTable = []*function{
	{node: "urn:causeway:admin#reload", name: "Read the configuration again", who: forAdmins, when: hasOperator, run: answering(nil, runReload)},
	{node: "urn:causeway:admin#errors", name: "Last warnings and errors", who: forAdmins, when: hasOperator, run: answering(nil, runErrors)},
}

func hasOperator(g *Gateway) bool { return g.cfg.Operator != nil }

func runReload(_ context.Context, g *Gateway, _ *tx, _ map[string]string) (string, error) {
	return g.cfg.Operator.Reload(), nil
}

func runErrors(_ context.Context, g *Gateway, _ *tx, _ map[string]string) (string, error) {
	lines := g.cfg.Operator.LastErrors()
	if len(lines) == 0 {
		return "There was no warning and no error.", nil
	}
	return strings.Join(lines, "\n"), nil
}
