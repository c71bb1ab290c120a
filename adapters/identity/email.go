package identity

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// FoldEmail returns the form in which addresses are compared: compatibility
// composed (NFKC) and case-folded, so that look-alikes of one address are one.
func FoldEmail(s string) string {
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
}
