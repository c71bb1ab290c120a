package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

type ticket struct {
	Ticket    string `json:"ticket" doc:"Good for one connection."`
	ExpiresIn int    `json:"expires_in" doc:"Seconds."`
}

type ticketOutput struct{ Body ticket }

type connection struct {
	ID          string      `json:"id" format:"uuid"`
	UserID      core.UserID `json:"user_id" format:"uuid"`
	Node        string      `json:"node" doc:"The server that holds it."`
	RemoteAddr  string      `json:"remote_addr"`
	UserAgent   string      `json:"user_agent"`
	ConnectedAt time.Time   `json:"connected_at"`
}

func viewConnection(c *core.Connection) connection {
	return connection{ID: c.ID, UserID: c.UserID, Node: c.Node, RemoteAddr: c.RemoteAddr, UserAgent: c.UserAgent, ConnectedAt: c.Since}
}

func (s *api) registerConnections() {
	register(s, operation{
		id: "createTicket", method: http.MethodPost, path: "/v1/ws/tickets", tag: "feed", summary: "Get a ticket for one connection of the feed",
		description: "For browsers, which cannot send the Authorization header with a WebSocket or an EventSource: append it to the address as ?ticket=.",
		status:      http.StatusCreated,
	}, func(ctx context.Context, a core.Actor, _ *struct{}) (*ticketOutput, error) {
		t, err := s.app.Auth.Ticket(ctx, a)
		if err != nil {
			return nil, err
		}
		return &ticketOutput{Body: ticket{Ticket: t, ExpiresIn: int(core.TicketLife.Seconds())}}, nil
	})
	register(s, operation{
		id: "listConnections", method: http.MethodGet, path: "/v1/connections", tag: "feed", summary: "List who is connected to the feed",
		description: "On every server, oldest first, all in one page.", errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, _ *struct{}) (*listOutput[connection], error) {
		all, err := s.app.Connections.List(ctx, a)
		return listed(core.Page[core.Connection]{Items: all}, viewConnection, err)
	})
	register(s, operation{
		id: "endConnection", method: http.MethodDelete, path: "/v1/connections/{id}", tag: "feed", summary: "End a connection of the feed",
		description: "Whichever server holds it. Its user can connect again.", errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, in *PathID) (*struct{}, error) {
		return nil, s.app.Connections.End(ctx, a, in.ID)
	})
}
