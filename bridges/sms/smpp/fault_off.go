//go:build !faults

package smpp

const faulty = false

func fault(string) {}
