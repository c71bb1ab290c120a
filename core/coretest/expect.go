package coretest

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/docsctl/docsctl/core"
)

// wantCode reports an error whose code is not want; "" wants no error.
func wantCode(t testing.TB, what string, err error, want core.Code) {
	t.Helper()
	if got := core.CodeOf(err); got != want {
		t.Errorf("%s: got %v, want code %q", what, err, want)
	}
}

// wantSame reports what differs, and times that are not in UTC.
func wantSame(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(got, want, cmp.AllowUnexported(core.Tenant{})); diff != "" {
		t.Errorf("%s (-got +want):\n%s", what, clip(diff))
	}
	if at, ok := notUTC(reflect.ValueOf(got)); ok {
		t.Errorf("%s: got the time %v, want it in UTC", what, at)
	}
}

// clip keeps a report readable when texts of megabytes differ.
func clip(s string) string {
	const most = 4000
	if len(s) <= most {
		return s
	}
	return s[:most] + " …"
}

// notUTC finds a time in v whose location is not UTC.
func notUTC(v reflect.Value) (time.Time, bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return notUTC(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			if at, ok := notUTC(v.Index(i)); ok {
				return at, true
			}
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			at, ok := v.Interface().(time.Time)
			return at, ok && at.Location() != time.UTC
		}
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			if at, ok := notUTC(v.Field(i)); ok {
				return at, true
			}
		}
	default:
	}
	return time.Time{}, false
}

// must returns v, or ends the test when there is an error.
func must[T any](t testing.TB, what string, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return v
}

// patience is how long a case waits for what must come to pass.
const patience = time.Minute

// eventually calls done, at once and then every few milliseconds, until it
// returns true, and ends the test when it has not in time.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatalf("%s: did not happen within %v", what, patience)
		case <-tick.C:
		}
	}
}

// pause waits for ready, but no longer than d: for a meeting that not every
// adapter can arrange.
func pause(ready <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ready:
	case <-timer.C:
	}
}
