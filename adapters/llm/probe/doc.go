// Package probe finds out what a model's server does, other than what is said of
// it: how fast it answers, how long a prompt it reads whole, and whether it cuts a
// longer one without a word.
package probe
