package lab_test

import (
	"testing"

	"causeway/cmd/lab"
)

func TestCentres(t *testing.T) {
	for name, with := range lab.Centres {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := lab.StartCentre(t, with, "secret")
			if status := c.Text("12025550100", "12025550199", "nobody is bound"); status != -1 {
				t.Errorf("status %d", status)
			}
			if err := c.Stop(); err != nil {
				t.Error(err)
			}
			c.Restart("secret")
			c.None()
		})
	}
}
