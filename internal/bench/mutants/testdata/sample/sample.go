// Package sample is what the tests of mutants change.
package sample

// Size says how large n is.
func Size(n int) string {
	defer seen(n) // what it returns is nobody's condition
	if n > 9 {
		return "large"
	}
	text := "small"
	if n == 0 {
		text = "none"
	}
	return text
}

func seen(int) (noted bool) { return }
