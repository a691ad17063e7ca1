//go:build faults

package takeover

// At is what happens at a Step. It is set before anything else runs.
var At = func(part, place string) {}

// Step marks a place between two steps of a part of the program, at which
// tests kill it: At is called.
func Step(part, place string) { At(part, place) }

// Faulty tells whether Step does anything.
const Faulty = true
