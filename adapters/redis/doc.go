// Package redis provides the ports that the processes of an installation share:
// the bus over publish and subscribe, the cache, the limiter and the presence, on
// one Redis 6.2 or later.
//
// Nothing in Redis is the truth. Every call is bounded in time and returns
// CodeUnavailable while Redis is away; all goes on by itself when it is back,
// empty or not.
package redis
