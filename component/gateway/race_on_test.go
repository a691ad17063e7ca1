//go:build race

package gateway

// raceDetector makes everything slower by ten.
const raceDetector = true
