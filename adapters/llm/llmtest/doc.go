// Package llmtest provides a server that speaks OpenAI's chat completions as real
// ones do, their faults included, without a model: what it answers is made of the
// prompt, the same each time. Tests ask it, and the whole product can be tried
// with it offline.
package llmtest
