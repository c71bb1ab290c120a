package coretest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// RunPasswordHasher checks a core.PasswordHasher. open returns one; cheap parameters keep
// the suite fast and change nothing in what it checks.
func RunPasswordHasher(t *testing.T, open func(t *testing.T) core.PasswordHasher) {
	runCases(t, "RunPasswordHasher", open, map[string]func(t *testing.T, h core.PasswordHasher){
		"HashVerifies":                  hashVerifies,
		"HashDiffersEachTime":           hashDiffersEachTime,
		"EveryCharacterCounts":          everyCharacterCounts,
		"WhatIsNoHashMatchesNothing":    whatIsNoHashMatchesNothing,
		"WhatIsNoHashTakesAsLong":       whatIsNoHashTakesAsLong,
		"EndedContextIsReturned":        hasherEndedContextIsReturned,
		"ManyAtOnceAreAnsweredOrderly":  hasherManyAtOnce,
		"HashDoesNotContainThePassword": hashDoesNotContainThePassword,
	})
}

const password = "correct horse battery staple"

func hashOfPassword(t *testing.T, h core.PasswordHasher, password string) string {
	t.Helper()
	hash, err := h.Hash(t.Context(), password)
	return must(t, "hash", hash, err)
}

func wantVerify(t *testing.T, what string, h core.PasswordHasher, password, hash string, want bool) {
	t.Helper()
	ok, outdated, err := h.Verify(t.Context(), password, hash)
	if ok != want || err != nil || ok && outdated {
		t.Errorf("%s: got ok %v, outdated %v, %v; want ok %v", what, ok, outdated, err, want)
	}
}

func hashVerifies(t *testing.T, h core.PasswordHasher) {
	for _, p := range []string{password, "пароль 密码 \U0001f511", strings.Repeat("long ", 200), " ", "\x00\x01", "$argon2id$"} {
		hash := hashOfPassword(t, h, p)
		wantVerify(t, "the password", h, p, hash, true)
		wantVerify(t, "another password", h, p+"x", hash, false)
		wantVerify(t, "no password", h, "", hash, false)
	}
}

func hashDiffersEachTime(t *testing.T, h core.PasswordHasher) {
	seen := map[string]bool{}
	for range 5 {
		seen[hashOfPassword(t, h, password)] = true
	}
	if len(seen) != 5 {
		t.Errorf("5 hashes of one password: got %d different ones", len(seen))
	}
}

// everyCharacterCounts covers algorithms that cut at 72 bytes or at a NUL.
func everyCharacterCounts(t *testing.T, h core.PasswordHasher) {
	long := strings.Repeat("a", 1000)
	hash := hashOfPassword(t, h, long+"1")
	for _, other := range []string{long + "2", long, strings.ToUpper(long) + "1", long + "1 ", long + "1\x00", " " + long + "1"} {
		wantVerify(t, "a password that differs in one character", h, other, hash, false)
	}
	composed := hashOfPassword(t, h, "caf\u00e9 au lait")
	wantVerify(t, "the same letters otherwise composed", h, "cafe\u0301 au lait", composed, false)
}

// notHashes are strings that look like hashes, or do not.
func notHashes(hash string) []string {
	return []string{
		"", "x", password, hash[:len(hash)/2], hash[:len(hash)-1], hash + "x", strings.Replace(hash, "$", "", 1),
		strings.Repeat("$", 1000), "\x00\xff", "$argon2id$v=19$m=4294967295,t=4294967295,p=255$c2FsdHNhbHRzYWx0$aGFzaA",
		"$argon2id$v=19$m=0,t=0,p=0$$", "$2a$31$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	}
}

func whatIsNoHashMatchesNothing(t *testing.T, h core.PasswordHasher) {
	for _, bad := range notHashes(hashOfPassword(t, h, password)) {
		wantVerify(t, "a string that is no hash", h, password, bad, false)
		wantVerify(t, "no password against a string that is no hash", h, "", bad, false)
	}
}

// whatIsNoHashTakesAsLong compares the quickest of many, taken in turns, which
// other work on the machine disturbs least.
func whatIsNoHashTakesAsLong(t *testing.T, h core.PasswordHasher) {
	hash := hashOfPassword(t, h, password)
	quickest := map[string]time.Duration{hash: time.Hour, "": time.Hour, "x": time.Hour, hash[:len(hash)/2]: time.Hour}
	for range 40 {
		for candidate, best := range quickest {
			start := time.Now()
			_, _, _ = h.Verify(t.Context(), "wrong "+password, candidate)
			quickest[candidate] = min(best, time.Since(start))
		}
	}
	for candidate, got := range quickest {
		if got < quickest[hash]/3 {
			t.Errorf("verifying against a string of %d bytes that is no hash takes %v, against a hash %v: it tells who has a password", len(candidate), got, quickest[hash])
		}
	}
}

func hasherEndedContextIsReturned(t *testing.T, h core.PasswordHasher) {
	hash := hashOfPassword(t, h, password)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, password); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash with an ended context: got %v, want context.Canceled", err)
	}
	if ok, _, err := h.Verify(ctx, password, hash); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("Verify with an ended context: got %v, %v, want context.Canceled", ok, err)
	}
	wantVerify(t, "afterwards", h, password, hash, true)
}

func hasherManyAtOnce(t *testing.T, h core.PasswordHasher) {
	hash := hashOfPassword(t, h, password)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() { wantVerify(t, "one of many", h, password, hash, true) })
		wg.Go(func() { wantVerify(t, "a wrong one of many", h, "x", hash, false) })
	}
	wg.Wait()
}

func hashDoesNotContainThePassword(t *testing.T, h core.PasswordHasher) {
	if hash := hashOfPassword(t, h, password); strings.Contains(hash, password) || len(hash) > 1000 || len(hash) < 20 {
		t.Errorf("hash: got %q, want a short text without the password", hash)
	}
}
