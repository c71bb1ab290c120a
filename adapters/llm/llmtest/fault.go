package llmtest

import (
	"math"
	"net/http"
	"strconv"
	"strings"
)

// Fault is a way in which a call goes wrong.
type Fault string

// The faults. Those of the first group answer an error instead of an answer,
// those of the second break one off, those of the third answer what is of no use.
const (
	None Fault = ""

	Busy           Fault = "busy"            // 429
	Failed         Fault = "failed"          // 500
	Overloaded     Fault = "overloaded"      // 503
	WrongKey       Fault = "wrong_key"       // 401, with the key in its text
	NoCredit       Fault = "no_credit"       // 429 with a code that says that waiting is in vain
	UnknownModel   Fault = "unknown_model"   // 404
	PromptTooLong  Fault = "prompt_too_long" // 400, as OpenAI says it
	PromptFiltered Fault = "prompt_filtered" // 400, with the prompt in its text
	BadRequest     Fault = "bad_request"     // 400, whatever is asked
	ProxyPage      Fault = "proxy_page"      // 200 and a page in HTML
	ProxyFailure   Fault = "proxy_failure"   // 502 and a page in HTML

	Reset         Fault = "reset"          // the connection ends without an answer
	HalfStream    Fault = "half_stream"    // the connection ends in the middle of an answer
	EarlyEnd      Fault = "early_end"      // the stream ends well-formed, in the middle of an answer
	StreamError   Fault = "stream_error"   // an error comes in the middle of the stream
	BrokenChunk   Fault = "broken_chunk"   // a chunk in the middle is no JSON
	Silence       Fault = "silence"        // nothing comes, until the client leaves
	MidSilence    Fault = "mid_silence"    // half an answer comes, then nothing
	HeaderSilence Fault = "header_silence" // the answer's header comes, then nothing

	NoChoices       Fault = "no_choices"
	Empty           Fault = "empty"            // an answer without text
	Refused         Fault = "refused"          // the model declines
	Filtered        Fault = "filtered"         // the server withholds the rest
	CutShort        Fault = "cut_short"        // finish_reason is length
	InvalidJSON     Fault = "invalid_json"     // text that begins like JSON
	WrongLanguage   Fault = "wrong_language"   // Greek, whatever was asked
	FarTooLong      Fault = "far_too_long"     // a hundred times the tokens that were allowed
	Endless         Fault = "endless"          // text without an end
	EndlessThoughts Fault = "endless_thoughts" // what a reasoning model thinks, without an end and an answer
	NoUsage         Fault = "no_usage"         // as of a stream whose last chunk was lost
)

// Faults returns every fault.
func Faults() []Fault {
	return []Fault{
		Busy, Failed, Overloaded, WrongKey, NoCredit, UnknownModel, PromptTooLong, PromptFiltered, BadRequest,
		ProxyPage, ProxyFailure,
		Reset, HalfStream, EarlyEnd, StreamError, BrokenChunk, Silence, HeaderSilence, MidSilence,
		NoChoices, Empty, Refused, Filtered, CutShort, InvalidJSON, WrongLanguage, FarTooLong, Endless, EndlessThoughts, NoUsage,
	}
}

// refuse answers the faults of the first group. It reports whether f is one.
func (s *Server) refuse(w http.ResponseWriter, f Fault, q Question) bool {
	switch f {
	case Busy:
		s.later(w)
		failure(w, http.StatusTooManyRequests, "rate_limit_exceeded", "", "Rate limit reached for requests.")
	case Failed:
		s.later(w)
		failure(w, http.StatusInternalServerError, "server_error", "", "The server had an error while processing: "+q.User)
	case Overloaded:
		s.later(w)
		failure(w, http.StatusServiceUnavailable, "overloaded", "", "The engine is currently overloaded.")
	case WrongKey:
		failure(w, http.StatusUnauthorized, "invalid_api_key", "", "Incorrect API key provided: "+q.Key+".")
	case NoCredit:
		s.later(w)
		failure(w, http.StatusTooManyRequests, "insufficient_quota", "", "You exceeded your current quota.")
	case UnknownModel:
		failure(w, http.StatusNotFound, "model_not_found", "", "The model does not exist.")
	case PromptTooLong:
		s.refuseLength(w)
	case PromptFiltered:
		failure(w, http.StatusBadRequest, "content_filter", "prompt", "The prompt was filtered: "+q.User)
	case BadRequest:
		failure(w, http.StatusBadRequest, "invalid_request_error", "", "This deployment does not serve chat completions.")
	case ProxyPage:
		page(w, http.StatusOK)
	case ProxyFailure:
		page(w, http.StatusBadGateway)
	default:
		return false
	}
	return true
}

func (s *Server) refuseLength(w http.ResponseWriter) {
	failure(w, http.StatusBadRequest, "context_length_exceeded", "messages",
		"This model's maximum context length is "+strconv.Itoa(s.cfg.ContextTokens)+" tokens. Please reduce the length of the messages.")
}

func (s *Server) later(w http.ResponseWriter) {
	if s.cfg.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(s.cfg.RetryAfter.Seconds()))))
	}
}

func page(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<!doctype html><title>Proxy</title><p>Sign in to the network.</p>"))
}

const (
	unfinishedJSON = `{"summary": "the answer that never`
	greek          = "Η απάντηση αυτή είναι στα ελληνικά, όποια γλώσσα και αν ζητήθηκε. Δεν λέει τίποτε για το έγγραφο [1]."
)

// bend returns the text and the reason for its end that a fault of the third
// group has instead of the true ones.
func bend(f Fault, text, finish string, q Question) (string, string) {
	switch f {
	case Empty:
		return "", "stop"
	case Refused:
		return "", "stop"
	case Filtered:
		return half(text), "content_filter"
	case CutShort:
		return half(text), "length"
	case InvalidJSON:
		return unfinishedJSON, "stop"
	case WrongLanguage:
		return greek, "stop"
	case FarTooLong:
		return strings.Repeat("And so it goes on and on. ", 100*max(10, q.MaxTokens)/7), "stop"
	}
	return text, finish
}

func half(s string) string {
	r := []rune(s)
	return string(r[:len(r)/2])
}
