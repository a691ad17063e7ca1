package bridgetest

import (
	"testing"

	"causeway/bridges"
)

func TestScriptedBridge(t *testing.T) {
	Suite(t, func(*testing.T) Subject {
		return Subject{
			Bridge:  New(SMS(), "+12025550199"),
			Account: bridges.Account{ID: "alice@example.org", Self: "+12025550199"},
			Chat:    "+12025550100",
			Good:    []string{"+12025550100", "12025550100"},
			Bad:     []string{"nobody"},
		}
	})
}
