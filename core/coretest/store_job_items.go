package coretest

import (
	"context"
	"slices"

	"github.com/docsctl/docsctl/core"
)

func jobItemCases() []storeCase {
	return []storeCase{
		{"ItemsAreKeptAndReplaced", itemsAreKeptAndReplaced},
		{"AddTellsWhatIsNew", addTellsWhatIsNew},
		{"MoveChangesOneStateOnly", moveChangesOneStateOnly},
		{"ListOfItemsIsNewestFirstAndFilters", listOfItemsFilters},
		{"ItemsBelongToAJobOfTheTenant", itemsBelongToAJobOfTheTenant},
	}
}

func (o *Org) wantItem(s *scene, what string, want core.JobItem) {
	s.Helper()
	got, err := o.Read().JobItems.Get(s.Context(), want.JobID, want.Item)
	wantSame(s, what, *must(s, what, got, err), want)
}

func itemsAreKeptAndReplaced(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	first := o.item(j, "Seite/ä \U0001F600", func(i *core.JobItem) {
		i.State, i.Code, i.Reason, i.ResultID, i.CostUSD = core.JobItemFailed, core.CodeLLM, "the model failed", "x", 0.1
	})
	o.PutItems(s, first, o.item(j, "another"))
	o.wantItem(s, "an item", first)
	second := o.item(j, first.Item, func(i *core.JobItem) { i.Title, i.State, i.CostUSD = "", core.JobItemUpdated, 3 })
	o.PutItems(s, second)
	second.ID, second.CreatedAt = first.ID, first.CreatedAt
	o.wantItem(s, "an item that was put again", second)
	counts, err := o.Read().JobItems.Count(s.Context(), j.ID)
	wantSame(s, "counts", must(s, "count", &counts, err), &map[core.JobItemState]int{core.JobItemUpdated: 1, core.JobItemPending: 1})
	for _, bad := range []core.JobItem{o.item(j, "a\x00"), o.item(j, "b", func(i *core.JobItem) { i.Reason = "\xff" })} {
		err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.JobItems.Put(ctx, []core.JobItem{bad}) })
		wantCode(s, "text that cannot be kept", err, core.CodeValidation)
	}
	_, err = o.Read().JobItems.Get(s.Context(), j.ID, "nobody")
	wantCode(s, "an item that is not there", err, core.CodeNotFound)
}

func addTellsWhatIsNew(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	old := o.item(j, "old", func(i *core.JobItem) { i.State = core.JobItemCompleted })
	o.PutItems(s, old)
	a, b := o.item(j, "a"), o.item(j, "b")
	var added []core.JobItem
	o.InTx(s, func(ctx context.Context, tx core.Tx) (err error) {
		added, err = tx.JobItems.Add(ctx, []core.JobItem{b, o.item(j, "old"), a, o.item(j, "b")})
		return err
	})
	wantSame(s, "what was added", added, []core.JobItem{b, a})
	o.wantItem(s, "what was there", old)
	o.InTx(s, func(ctx context.Context, tx core.Tx) (err error) {
		added, err = tx.JobItems.Add(ctx, []core.JobItem{a})
		return err
	})
	if len(added) != 0 {
		s.Errorf("added again: got %v, want nothing", added)
	}
}

func moveChangesOneStateOnly(s *scene) {
	o := s.org()
	j, other := o.NewJob(s), o.NewJob(s)
	done := o.item(j, "done", func(i *core.JobItem) { i.State = core.JobItemCompleted })
	foreign := o.item(other, "a")
	a := o.item(j, "a", func(i *core.JobItem) { i.ResultID, i.CostUSD = "r", 1 })
	o.PutItems(s, done, foreign, a, o.item(j, "b"))
	to := core.JobItem{State: core.JobItemCanceled, Code: core.CodeBudgetExceeded, Reason: "no money", UpdatedAt: Now()}
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		n, err := tx.JobItems.Move(ctx, j.ID, core.JobItemPending, to)
		if n != 2 {
			s.Errorf("moved %d, want 2", n)
		}
		return err
	})
	a.State, a.Code, a.Reason, a.UpdatedAt = to.State, to.Code, to.Reason, to.UpdatedAt
	o.wantItem(s, "a moved item", a)
	o.wantItem(s, "an item in another state", done)
	o.wantItem(s, "an item of another job", foreign)
}

func listOfItemsFilters(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	var all []core.JobItem
	for k := range 20 {
		all = append(all, o.item(j, string(rune('a'+k)), func(i *core.JobItem) {
			i.ID, i.CreatedAt, i.State = core.JobItemID(randomID()), keyTimes()[k%4], core.JobItemStates()[k%3]
		}))
	}
	o.PutItems(s, append(slices.Clone(all), o.item(o.NewJob(s), "of another job"))...)
	key := func(i core.JobItem) core.Key { return core.Key{At: i.CreatedAt, ID: string(i.ID)} }
	slices.SortFunc(all, func(a, b core.JobItem) int { return newestFirst(key(a), key(b)) })
	for _, state := range []core.JobItemState{"", core.JobItemPending, core.JobItemFailed, core.JobItemSkipped, "no such"} {
		want := slices.DeleteFunc(slices.Clone(all), func(i core.JobItem) bool { return state != "" && i.State != state })
		got := paged(s, 3, key, func(k core.Seek) ([]core.JobItem, error) { return o.Read().JobItems.List(s.Context(), j.ID, state, k) })
		if len(want) == 0 {
			want = nil
		}
		wantSame(s, "items in pages", got, want)
	}
}

func itemsBelongToAJobOfTheTenant(s *scene) {
	o, stranger := s.org(), s.org()
	j := o.NewJob(s)
	o.PutItems(s, o.item(j, "a"))
	for name, item := range map[string]core.JobItem{"another tenant's job": stranger.item(j, "b"), "no id": stranger.item(&core.Job{ID: "x"}, "b")} {
		err := stranger.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.JobItems.Put(ctx, []core.JobItem{item}) })
		wantCode(s, "put to "+name, err, core.CodeNotFound)
		err = stranger.TryTx(s, func(ctx context.Context, tx core.Tx) error { return second(tx.JobItems.Add(ctx, []core.JobItem{item})) })
		wantCode(s, "add to "+name, err, core.CodeNotFound)
	}
	read := stranger.Read().JobItems
	_, err := read.Get(s.Context(), j.ID, "a")
	wantCode(s, "get of another tenant's item", err, core.CodeNotFound)
	items, err := read.List(s.Context(), j.ID, "", core.Seek{Limit: 5})
	if err != nil || len(items) != 0 {
		s.Errorf("list of another tenant's items: got %v, %v, want none", items, err)
	}
	counts, err := read.Count(s.Context(), j.ID)
	if err != nil || len(counts) != 0 {
		s.Errorf("count of another tenant's items: got %v, %v, want none", counts, err)
	}
	stranger.InTx(s, func(ctx context.Context, tx core.Tx) error {
		n, err := tx.JobItems.Move(ctx, j.ID, core.JobItemPending, core.JobItem{State: core.JobItemCanceled, UpdatedAt: Now()})
		if n != 0 {
			s.Errorf("moved %d of another tenant's items", n)
		}
		return err
	})
}
