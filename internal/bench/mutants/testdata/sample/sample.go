// Package sample is what the tests of mutants change.
package sample

// Size says how large n is.
func Size(n int) string {
	if n > 9 {
		return "large"
	}
	text := "small"
	if n == 0 {
		text = "none"
	}
	return text
}
