// Package fakes provides servers that speak as Notion, Confluence and Guru do:
// their paging, their limits, their errors in their own shapes, and on request
// their failures. What is written to them can be read back. Tests ask them, and
// the whole product can be tried with them offline.
//
// Each fake is an http.Handler; httptest.NewServer serves it. Its content is set up
// by its methods, which may be called while it answers.
package fakes
