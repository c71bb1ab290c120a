// Package guard holds decorators of core.LLM, each a core.LLM itself: Retry,
// Limit, Breaker and Meter. Wrap puts them in the order in which they belong:
//
//	Retry → Limit → Breaker → Meter → the model
//
// so that a call that waits to be repeated holds no place, one that waits for a
// place sees the breaker as it is then, and every call that was really made is
// counted.
//
// Which failures are whose fault is told by the HTTP status, where an error's
// chain has a method StatusCode() int.
package guard
