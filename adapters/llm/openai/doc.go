// Package openai provides a language model behind any server that speaks OpenAI's
// chat completions: OpenAI itself, gateways, vLLM, llama.cpp, Ollama.
//
// A Model makes one call for one question and repeats nothing that failed; package
// guard does that, in one layer. It reads no environment variable. Neither keys
// nor prompts nor a server's own words are in its errors.
package openai
