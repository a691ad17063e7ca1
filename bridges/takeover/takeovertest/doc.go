// Package takeovertest is for tests of what outlives its process.
package takeovertest
