//go:build faults

package component

// Fault is called between every two steps of a link, with the name of the step
// that was made, by the goroutine that made it. Set it before a Link runs. It
// is there in builds for tests of whole processes only.
var Fault = func(step string) {}

func fault(step string) { Fault(step) }
