//go:build unix

// Package testenv gives tests private servers: PostgreSQL, Redis and PgBouncer on
// free ports of 127.0.0.1, with their files in temporary folders of the process. A
// machine's own servers on 5432 and 6379 are never touched.
//
//	url := testenv.Database(t, "store", migrate) // a database of this test's own
//	bus := testenv.Redis(t).URL()                // a Redis of this test's own
//
// One PostgreSQL server is shared by the tests of a process and started by the
// first that asks. Tests that restart, kill or pause a server take one of their
// own with StartPostgres, StartRedis or StartPgBouncer.
//
// DOCSCTL_TEST_POSTGRES_URL names a superuser's URL of a server to make databases
// on instead, DOCSCTL_TEST_REDIS_URL a Redis whose empty databases are used. The
// Start functions start private servers all the same.
//
// Programs that are missing are installed when the tests run as root on a system
// with apt-get; otherwise the test fails and says what to install.
//
// Servers end and their files go when the test's process has gone, however it
// went: see home. A test that checks for leaked goroutines ignores those of this
// package with goleak.IgnoreAnyFunction(testenv.Goroutine).
package testenv

// Goroutine is the function that waits for a server, one goroutine each, for as
// long as the server runs.
const Goroutine = "github.com/docsctl/docsctl/internal/testenv.(*Process).wait"
