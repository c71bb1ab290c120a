package coretest

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func jobCases() []storeCase {
	return []storeCase{
		{"EveryFieldIsKept", jobEveryFieldIsKept},
		{"RawResultIsKeptByteForByte", rawResultIsKept},
		{"UpdateChangesWhatItMay", jobUpdateChangesWhatItMay},
		{"ListIsNewestFirstAndFilters", jobListFilters},
	}
}

func (o *Org) wantJob(t testing.TB, what string, want *core.Job) {
	t.Helper()
	got, err := o.Read().Jobs.Get(t.Context(), want.ID)
	wantSame(t, what, must(t, what, got, err), want)
}

// worked sets every field that changes while a job is worked on.
func worked(j *core.Job) {
	j.Status, j.Progress = core.JobInProgress, core.Progress{Done: 3, Total: 9, Message: "Käse \U0001f9c0"}
	j.Result, j.ErrorCode, j.ErrorMessage = json.RawMessage(`{"ok":true}`), core.CodeLLM, "the model failed"
	j.Run, j.Attempt, j.MaxAttempts, j.Queue, j.LocalQueue = 2, 1, 5, core.QueueLLMBulk, core.LocalQueue("run-9")
	j.NextAttemptAt, j.StartedAt, j.FinishedAt = nil, new(Now()), new(Now().Add(time.Second))
	j.QueuedAt, j.TaskID = Now().Add(-time.Minute), "task-1"
	j.WaitsFor, j.ConfirmedAt = core.WaitRetry, new(Now())
}

func jobEveryFieldIsKept(s *scene) {
	o := s.org()
	parent := o.NewJob(s)
	child := o.NewJob(s, func(j *core.Job) {
		worked(j)
		j.Status, j.NextAttemptAt = core.JobPending, new(Now())
		j.ParentID, j.Type, j.RelatedType, j.RelatedID = &parent.ID, core.JobPublish, "page", "space/ünïcode"
		j.Input = json.RawMessage(`{ "dry_run":true}`)
	})
	o.wantJob(s, "a job", parent)
	o.wantJob(s, "a job with everything set", child)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		got, err := tx.Jobs.GetForUpdate(ctx, child.ID)
		wantSame(s, "a job for update", got, child)
		return err
	})
}

func rawResultIsKept(s *scene) {
	o := s.org()
	for _, raw := range []string{
		`{"z":1, "a":9007199254740993,"a":2}`, `18446744073709551615`, `1.10`, `1e400`, `"\u00e9 é \ud83e\uddc0"`, `[]`, `""`, `false`, ` { } `,
	} {
		j := o.NewJob(s)
		j.Result = json.RawMessage(raw)
		o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Jobs.Update(ctx, j) })
		got, err := o.Read().Jobs.Get(s.Context(), j.ID)
		wantSame(s, "result", string(must(s, "read job", got, err).Result), raw)
	}
	empty := o.NewJob(s, func(j *core.Job) { j.Result = json.RawMessage{} })
	got, err := o.Read().Jobs.Get(s.Context(), empty.ID)
	if must(s, "read job", got, err).Result != nil {
		s.Errorf("an empty result: got %q, want nil", got.Result)
	}
}

func jobUpdateChangesWhatItMay(s *scene) {
	o := s.org()
	j, neighbour := o.NewJob(s), o.NewJob(s)
	want := *j
	worked(&want)
	given := want
	given.OrgID, given.Type, given.RelatedID, given.RelatedType = core.NewID[core.OrgID](), core.JobSync, "other", "other"
	given.CreatedAt, given.Input = j.CreatedAt.Add(-time.Hour), json.RawMessage(`1`)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Jobs.Update(ctx, &given) })
	o.wantJob(s, "after the update (ids, type, relation, input and CreatedAt as they were)", &want)
	o.wantJob(s, "another job", neighbour)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Jobs.Update(ctx, j) })
	o.wantJob(s, "after its fields were cleared again", j)
}

func jobListFilters(s *scene) {
	o := s.org()
	parent := o.NewJob(s, func(j *core.Job) { j.CreatedAt = keyTimes()[0].AddDate(-50, 0, 0) })
	all := []core.Job{*parent}
	for i := range 24 {
		all = append(all, *o.NewJob(s, func(j *core.Job) {
			j.ID, j.CreatedAt, j.Status = core.JobID(randomID()), keyTimes()[i/6], core.JobStatuses()[i%5]
			j.RelatedID, j.Type = []string{"a", "A", "b"}[i%3], core.JobTypes()[i%4]
			if i%2 == 0 {
				j.ParentID = &parent.ID
			}
		}))
	}
	key := func(j core.Job) core.Key { return core.Key{At: j.CreatedAt, ID: string(j.ID)} }
	slices.SortFunc(all, func(a, b core.Job) int { return newestFirst(key(a), key(b)) })
	for _, f := range []core.JobFilter{
		{}, {Status: core.JobFailed}, {Type: core.JobBulkSummarize}, {RelatedID: "a"}, {ParentID: parent.ID},
		{Status: core.JobPending, Type: core.JobSummarize, RelatedID: "a", ParentID: parent.ID},
		{Status: core.JobCompleted, ParentID: parent.ID}, {ParentID: core.NewID[core.JobID]()}, {Type: "no such"},
		{RelatedID: "a\x00"}, {RelatedID: "\xff"}, {ParentID: "x"},
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(j core.Job) bool {
			return f.Status != "" && j.Status != f.Status || f.Type != "" && j.Type != f.Type ||
				f.RelatedID != "" && j.RelatedID != f.RelatedID || f.ParentID != "" && (j.ParentID == nil || *j.ParentID != f.ParentID)
		})
		got := paged(s, 5, key, func(k core.Seek) ([]core.Job, error) { return o.Read().Jobs.List(s.Context(), f, k) })
		if len(want) == 0 {
			want = nil
		}
		wantSame(s, "jobs in pages", got, want)
	}
}
