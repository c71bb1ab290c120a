package worker

import (
	"context"
	"sync"

	"github.com/docsctl/docsctl/core"
)

// webhooksAtOnce bounds how many webhooks have their turn in this process. A turn
// mostly waits for the receiver, so there may be many; it ends within 20 seconds, so a
// slow receiver delays others only where there are that many slow ones.
const webhooksAtOnce = 128

// webhookClaims bounds one claim, so that nodes share what is to be done.
const webhookClaims = 32

// webhookLoop gives the webhooks that have something to do their turns. It ends when
// the last turn has: messages that are under way are cut off with ctx.
func (w *Worker) webhookLoop(ctx context.Context) {
	var turns sync.WaitGroup
	defer turns.Wait()
	busy, ended := make(chan struct{}, webhooksAtOnce), make(chan struct{}, 1)
	repeat(ctx, pollEvery, ended, func() {
		for ctx.Err() == nil {
			limit := min(webhookClaims, cap(busy)-len(busy))
			if limit == 0 {
				return
			}
			claims, err := w.cfg.Work.ClaimWebhooks(ctx, limit)
			if err != nil {
				w.warn(ctx, "webhooks with news could not be looked up; trying again", err)
			}
			for _, c := range claims {
				busy <- struct{}{}
				turns.Go(func() {
					ok := w.webhookTurn(ctx, c)
					<-busy
					if ok { // one that failed may fail again: it waits for the next look
						wake(ended)
					}
				})
			}
			if len(claims) < limit {
				return
			}
		}
	})
}

// webhookTurn reports whether the turn ended well.
func (w *Worker) webhookTurn(ctx context.Context, c core.WebhookClaim) bool {
	err := w.cfg.Work.RunWebhook(ctx, c)
	if err != nil {
		w.warn(ctx, "a webhook's turn ended early; it has another", err)
	}
	return err == nil
}
