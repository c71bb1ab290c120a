// Package coretest holds one conformance suite for each port of core. The author
// of an adapter calls the suite from a test in the adapter's folder:
//
//	func TestConformance(t *testing.T) {
//		coretest.RunStore(t, coretest.StoreFactory{Open: open, Again: again})
//	}
//
// A suite's cases are sentences of the port's comments and are named after what
// they prove. They run in parallel, each over what its own call of the factory
// returned, and log at their end how many there were, so that two adapters of a
// port can be seen to have passed the same ones.
package coretest
