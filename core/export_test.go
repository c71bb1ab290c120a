package core

// EndsWaiting returns how many runs of t wait to end in the next transaction.
func (w *WorkService) EndsWaiting(t Tenant) int {
	w.cfg.ends.mu.Lock()
	defer w.cfg.ends.mu.Unlock()
	return len(w.cfg.ends.waiting[t])
}
