package bridgetest

import (
	"fmt"
	"testing"

	"causeway/bridges"
)

func TestScriptedBridge(t *testing.T) {
	const all = bridges.CanTyping | bridges.CanDisplayed | bridges.CanContacts
	for can := range all + 1 {
		if can&^all == 0 {
			t.Run(fmt.Sprintf("can %b", can), func(t *testing.T) { Suite(t, scripted(can)) })
		}
	}
	t.Run("can change", func(t *testing.T) { Suite(t, scripted(Changes)) })
}

func scripted(can bridges.Can) func(*testing.T) Subject {
	return func(*testing.T) Subject {
		info := SMS()
		info.Can |= can | bridges.CanIntroduce | bridges.CanPresence | bridges.CanFiles
		b := New(info, "+12025550199")
		b.SetContacts("alice@example.org", bridges.Person{ID: "+12025550100", Name: "Bob"})
		b.SetProfile("+12025550100", bridges.Profile{Name: "Bob"})
		b.SetSettings([]bridges.Field{{Name: "sign", Label: "Signature", Default: "false", Kind: bridges.Bool}}, nil)
		return Subject{
			Bridge:  b,
			Account: bridges.Account{ID: "alice@example.org", Self: "+12025550199"},
			Chat:    "+12025550100",
			Good:    []string{"+12025550100", "12025550100"},
			Bad:     []string{"nobody"},
		}
	}
}
