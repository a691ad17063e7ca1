package bridgetest

import "runtime"

// LiveHeap returns how many octets of the heap are in use, of all the process. It collects
// the garbage before, twice: what has a finalizer goes by the second time.
func LiveHeap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Allocated returns how many octets all the process allocated while f ran.
func Allocated(f func()) uint64 {
	var was, is runtime.MemStats
	runtime.ReadMemStats(&was)
	f()
	runtime.ReadMemStats(&is)
	return is.TotalAlloc - was.TotalAlloc
}
