package core

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// connectionPlaces counts the feed's connections that this process holds, by user and
// by organization. It is of one process, so that a connect needs no other part to be
// there and a process that is killed leaves nothing behind.
type connectionPlaces struct {
	mu     sync.Mutex // guards what follows
	byUser map[connectionUser]int
	byOrg  map[Tenant]int
}

type connectionUser struct {
	tenant Tenant
	user   UserID
}

func newConnectionPlaces() *connectionPlaces {
	return &connectionPlaces{byUser: map[connectionUser]int{}, byOrg: map[Tenant]int{}}
}

// ConnectionLimit is the Details of the CodeRateLimited for which a connection was
// not opened.
type ConnectionLimit struct {
	Limit int    `json:"limit"`
	Of    string `json:"of"` // "user" or "organization"
}

// connectLater is when it is worth trying again: a WebSocket whose client has gone
// without a word is given up within 25 s.
const connectLater = 10 * time.Second

// Admit takes a place for a connection of the actor's, until leave is called; calling
// it again does nothing. It returns CodeRateLimited when this process holds as many of
// the user's or of the organization's as Config allows.
func (s *ConnectionService) Admit(_ context.Context, a Actor) (leave func(), err error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	p, user := s.cfg.places, connectionUser{a.Tenant(), a.User()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if most := s.cfg.UserConnections; most > 0 && p.byUser[user] >= most {
		return nil, tooManyConnections("you have", "user", most)
	}
	if most := s.cfg.OrgConnections; most > 0 && p.byOrg[user.tenant] >= most {
		return nil, tooManyConnections("your organization has", "organization", most)
	}
	p.byUser[user]++
	p.byOrg[user.tenant]++
	return sync.OnceFunc(func() { p.leave(user) }), nil
}

// leave forgets who has no connection left, so that the maps stay as small as what is
// connected.
func (p *connectionPlaces) leave(user connectionUser) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byUser[user]--; p.byUser[user] == 0 {
		delete(p.byUser, user)
	}
	if p.byOrg[user.tenant]--; p.byOrg[user.tenant] == 0 {
		delete(p.byOrg, user.tenant)
	}
}

func tooManyConnections(who, of string, most int) error {
	return &Error{
		Code: CodeRateLimited, RetryAfter: connectLater, Details: ConnectionLimit{Limit: most, Of: of},
		Message: fmt.Sprintf("%s %d open connections to this server's feed, as many as are allowed; close one and connect again", who, most),
	}
}
