package peer

import (
	"os"
	"path/filepath"
	"testing"
)

// A program that has left a child behind is killed with it.
func TestFamilyEnds(t *testing.T) {
	for name, end := range map[string]func(p *Process){
		"stopped":               func(p *Process) { _ = p.Stop() },
		"killed":                (*Process).Kill,
		"the guard hears of us": func(p *Process) { p.family.end() },
	} {
		t.Run(name, func(t *testing.T) {
			left := filepath.Join(t.TempDir(), "left")
			p, err := Start(t.Context(), Spec{
				Path: "sh", Args: []string{"-c", "setsid sleep 1000 & echo $! >" + left + "; exec sleep 1000"}, Log: left + ".log",
				Family: true, Ready: func() error { _, err := os.Stat(left); return err },
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Kill)
			all := p.Family()
			if len(all) != 1 || Parent(all[0]) != p.PID() {
				t.Fatalf("the family is %v", all)
			}
			end(p)
			if Parent(all[0]) != 0 {
				t.Errorf("%d lives", all[0])
			}
		})
	}
}
