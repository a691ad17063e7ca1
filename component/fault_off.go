//go:build !faults

package component

// fault is where a build with the tag faults can end the process.
func fault(string) {}
