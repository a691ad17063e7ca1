//go:build faults

package smpp

const faulty = true

// Fault is called at each point by whatever goroutine passes it, with the
// point's name. It exists in builds with the tag faults only; set it before
// the first client runs.
var Fault func(point string)

func fault(p string) {
	if Fault != nil {
		Fault(p)
	}
}
