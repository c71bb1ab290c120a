package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// Rule is one way in which a history can go wrong.
type Rule string

// The rules, by what is found where they are broken.
const (
	Lost      Rule = "lost"                     // a job that was accepted and has not ended
	Twice     Rule = "twice"                    // a run with two changes to an end state, or two end events
	Stuck     Rule = "stuck"                    // a due job that waited for longer than Patience beside a free worker
	AfterEnd  Rule = "events after the end"     // of the run, the summary's included
	Untold    Rule = "changes without an event" // in the same transaction
	Untrue    Rule = "events without a change"  // in the same transaction
	DeadWrite Rule = "writes of the dead"       // to a job or its summary by a process that does not hold its lease
)

// Rules returns every rule, in the order of a report.
func Rules() []Rule {
	return []Rule{Lost, Twice, Stuck, AfterEnd, Untold, Untrue, DeadWrite}
}

// Breach is one job's breach of a rule.
type Breach struct {
	Rule Rule
	Job  core.JobID
	What string
}

// Verdict is what the judge has found.
type Verdict struct {
	Jobs     map[core.JobStatus]int // by their last state
	Attempts int
	Breaches []Breach
}

// Count returns how many breaches of a rule there are.
func (v Verdict) Count(r Rule) int {
	n := 0
	for _, b := range v.Breaches {
		if b.Rule == r {
			n++
		}
	}
	return n
}

// String is the verdict in three lines, then one for each breach, up to twenty.
func (v Verdict) String() string {
	var s strings.Builder
	var states []string
	total := 0
	for _, status := range slices.SortedFunc(maps.Keys(v.Jobs), func(a, b core.JobStatus) int { return cmp.Compare(v.Jobs[b], v.Jobs[a]) }) {
		total += v.Jobs[status]
		states = append(states, fmt.Sprintf("%d %s", v.Jobs[status], status))
	}
	fmt.Fprintf(&s, "%d jobs in %d attempts: %s\n", total, v.Attempts, strings.Join(states, ", "))
	line := func(rules []Rule) {
		var names, counts []string
		for _, r := range rules {
			names, counts = append(names, string(r)), append(counts, fmt.Sprint(v.Count(r)))
		}
		fmt.Fprintf(&s, "%s: %s\n", strings.Join(names, ", "), strings.Join(counts, ", "))
	}
	line(Rules()[:3])
	line(Rules()[3:])
	for i, b := range v.Breaches {
		if i == 20 {
			fmt.Fprintf(&s, "and %d more\n", len(v.Breaches)-i)
			break
		}
		fmt.Fprintf(&s, "%s: job %s: %s\n", b.Rule, b.Job, b.What)
	}
	return s.String()
}
