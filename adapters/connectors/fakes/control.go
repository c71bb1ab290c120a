package fakes

import (
	"encoding/json"
	"net/http"
	"time"
)

// controlPath is where programs in other languages set faults and see calls:
//
//	POST   /_fake/faults  {"on","after","times","fault","retry_after"}: as Rule, in seconds
//	DELETE /_fake/faults
//	GET    /_fake/calls
const controlPath = "/_fake/"

func (s *site) control(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "POST /_fake/faults":
		var in struct {
			On         string
			After      int
			Times      int
			Fault      Fault
			RetryAfter int `json:"retry_after"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&in); err != nil {
			http.Error(w, "the body is no rule in JSON", http.StatusBadRequest)
			return
		}
		s.Fail(Rule{On: in.On, After: in.After, Times: in.Times, Fault: in.Fault, RetryAfter: time.Duration(in.RetryAfter) * time.Second})
		w.WriteHeader(http.StatusNoContent)
	case "DELETE /_fake/faults":
		s.Heal()
		w.WriteHeader(http.StatusNoContent)
	case "GET /_fake/calls":
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.Calls()) // a client that has left needs no answer
	default:
		http.NotFound(w, r)
	}
}
