// Package core is docsctl without its outside: the domain's types, the ports
// through which it reaches storage, models and files, and the use cases.
//
// A program builds a Config of adapters and calls New; the App it gets holds one
// service per noun. Every use case takes an Actor, and an Actor holds the Tenant
// for whose organization it acts, so no call can reach another organization's
// rows. Adapters implement the ports and prove it with the suites of coretest.
//
// Times are UTC and cut to microseconds. Ids are UUIDv7 in their canonical
// lower-case form. Offsets into text count Unicode code points.
package core
