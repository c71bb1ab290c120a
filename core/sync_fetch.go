package core

import "context"

// fetch settles an item by its text as it is now.
func (s *syncRun) fetch(ctx context.Context, item Item, listed *Item) error {
	access, err := s.access(ctx, s.run.Tenant(), s.i.ID)
	if err != nil {
		return err
	}
	f, err := s.conn.Fetch(ctx, access, item.ID, listed)
	if err != nil {
		return s.unfetched(ctx, item, err)
	}
	s.mu.Lock()
	s.down = 0
	s.mu.Unlock()
	f.ID = item.ID
	return s.settle(ctx, f)
}

// downAtMost is how many items in a row a vendor may fail on before the attempt ends:
// one page can be what breaks it, many are not.
const downAtMost = 5

// unfetched decides what a failed fetch means for the item, or returns the error when
// it means the end of the attempt.
func (s *syncRun) unfetched(ctx context.Context, item Item, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch ReasonOf(err) {
	case ReasonToken, ReasonLimited, ReasonOpen:
		return err
	case ReasonDown:
		s.mu.Lock()
		s.down++
		down := s.down
		s.mu.Unlock()
		if down >= downAtMost {
			return err
		}
	case ReasonGone:
		return s.gone(ctx, item)
	case ReasonForbidden:
		return s.unreadable(ctx, item, "it may no longer be read with this token")
	case "":
		if CodeOf(err) != CodePayloadTooLarge {
			return err // ours, such as the store's
		}
	default:
	}
	e := AsError(err)
	reason := e.Message
	if d, ok := e.Details.(UpstreamDetails); ok && d.UpstreamRequestID != "" {
		reason += " (" + s.vendor + "'s request " + d.UpstreamRequestID + ")"
	}
	j := s.item(item, JobItemFailed, clean(reason), nil)
	j.Code = e.Code
	return s.put(ctx, j)
}

// gone believes that an item is not there once a call with the same token has worked.
func (s *syncRun) gone(ctx context.Context, item Item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.believed {
		access, err := s.access(ctx, s.run.Tenant(), s.i.ID)
		if err == nil {
			_, err = s.conn.Verify(ctx, access)
		}
		if err != nil {
			return err
		}
		s.believed = true
	}
	s.mu.Unlock()
	defer s.mu.Lock()
	d, err := s.document(ctx, item.ID)
	if err != nil {
		return err
	}
	const reason = "it was deleted for good, or is no longer shared with this integration"
	if d == nil {
		return s.put(ctx, s.item(item, JobItemSkipped, reason, nil))
	}
	return s.put(ctx, s.item(item, JobItemPending, reason, d)) // remove decides
}

// unreadable keeps a document whose item is there and not to be had, and says so.
func (s *syncRun) unreadable(ctx context.Context, item Item, reason string) error {
	d, err := s.document(ctx, item.ID)
	if err != nil {
		return err
	}
	j := s.item(item, JobItemSkipped, reason, d)
	if d == nil {
		return s.put(ctx, j)
	}
	err = s.run.Do(ctx, func(ctx context.Context, tx Tx) error {
		whole, err := tx.Documents.GetForUpdate(ctx, d.ID)
		if err != nil {
			return err
		}
		message := s.vendor + ": " + reason + "; its text is as it was before"
		if whole.Status != DocumentError || whole.ErrorMessage != message {
			whole.Status, whole.ErrorMessage = DocumentError, message
			if err := s.update(ctx, tx, whole); err != nil {
				return err
			}
		}
		return tx.JobItems.Put(ctx, []JobItem{j})
	})
	s.got(ctx, err, 1)
	return err
}
