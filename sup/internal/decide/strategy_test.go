package decide

import "testing"

// The expectations are those of the OTP documentation: the modules supervisor
// and the chapter "Supervisor Behaviour" of the design principles.

func TestStartIsInOrderAndAcknowledged(t *testing.T) {
	for _, strategy := range []string{"one_for_one", "one_for_all", "rest_for_one"} {
		trace(t, strategy+" 1/5s permanent transient temporary",
			"begin     → start 1",
			"started 1 → start 2",
			"started 2 → start 3",
			"started 3 → all started")
	}
}

func TestSupervisorWithoutChildrenStartsAndStops(t *testing.T) {
	for _, strategy := range []string{"one_for_one", "one_for_all", "rest_for_one", "dynamic"} {
		trace(t, strategy+" 1/5s", "begin → all started", "stop → all stopped as asked")
	}
}

func TestStopIsInReverseOrder(t *testing.T) {
	for _, strategy := range []string{"one_for_one", "one_for_all", "rest_for_one"} {
		trace(t, strategy+" 1/5s permanent transient temporary",
			"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → all started",
			"stop          → stop 3",
			"exit 3 normal → stop 2",
			"exit 2 normal → stop 1",
			"exit 1 normal → all stopped as asked")
	}
}

func TestOneForOneRestartsTheOneByItsType(t *testing.T) {
	begun := []string{"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → all started"}
	for _, line := range []string{
		"exit 1 normal   → start 1",
		"exit 1 abnormal → start 1",
		"exit 2 normal   → retire 2",
		"exit 2 abnormal → start 2",
		"exit 3 normal   → retire 3",
		"exit 3 abnormal → retire 3",
	} {
		trace(t, "one_for_one 1/5s permanent transient temporary", append(begun, line)...)
	}
}

func TestOneForAllRestartsAllButTemporaries(t *testing.T) {
	trace(t, "one_for_all 1/5s permanent temporary transient permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → start 4", "started 4 → all started",
		"exit 3 abnormal → stop 4",
		"exit 4 normal   → stop 2",
		"exit 2 normal   → retire 2, stop 1",
		"exit 1 normal   → start 1",
		"started 1       → start 3",
		"started 3       → start 4",
		"started 4")
}

func TestRestForOneRestartsTheOnesAfter(t *testing.T) {
	trace(t, "rest_for_one 1/5s permanent permanent temporary transient",
		"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → start 4", "started 4 → all started",
		"exit 2 abnormal → stop 4",
		"exit 4 normal   → stop 3",
		"exit 3 normal   → retire 3, start 2",
		"started 2       → start 4",
		"started 4")
}

func TestExitsThatNeedNoRestartLeaveSiblingsAlone(t *testing.T) {
	for _, strategy := range []string{"one_for_all", "rest_for_one"} {
		trace(t, strategy+" 1/5s transient temporary permanent",
			"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → all started",
			"exit 1 normal   → retire 1",
			"exit 2 abnormal → retire 2")
	}
}

// A transient child that has finished is part of its group again when the group
// restarts: OTP keeps its specification.
func TestGroupRestartStartsFinishedTransients(t *testing.T) {
	trace(t, "one_for_all 1/5s transient permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → all started",
		"exit 1 normal   → retire 1",
		"exit 2 abnormal → start 1",
		"started 1       → start 2",
		"started 2")
}

func TestEarlierChildEndingDuringARestartWidensIt(t *testing.T) {
	trace(t, "rest_for_one 5/5s permanent permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → all started",
		"exit 2 abnormal → stop 3",
		"exit 1 abnormal",
		"exit 3 normal   → start 1",
		"started 1       → start 2")
	trace(t, "rest_for_one 5/5s permanent permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → all started",
		"exit 2 abnormal → stop 3",
		"exit 3 normal   → start 2",
		"exit 1 abnormal → stop 2",
		"exit 2 normal   → start 1")
}

func TestEarlierChildEndingWellDuringARestartStaysOut(t *testing.T) {
	trace(t, "rest_for_one 5/5s transient permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → all started",
		"exit 2 abnormal → stop 3",
		"exit 1 normal   → retire 1",
		"exit 3 normal   → start 2",
		"started 2       → start 3",
		"started 3")
}

// While it stops children the supervisor counts no death of one of them, nor
// stops it again.
func TestChildrenDyingBeforeTheirStopAreNotCounted(t *testing.T) {
	trace(t, "one_for_all 1/5s permanent permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → all started",
		"exit 1 abnormal → stop 3",
		"exit 2 abnormal",
		"exit 3 abnormal → start 1")
}

func TestStopDuringARestartWins(t *testing.T) {
	trace(t, "one_for_all 1/5s permanent permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → all started",
		"exit 2 abnormal → stop 3",
		"stop",
		"exit 3 normal → stop 1",
		"exit 1 normal → all stopped as asked")
	trace(t, "one_for_all 1/5s permanent permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → all started",
		"exit 3 abnormal → stop 2", "exit 2 normal → stop 1", "exit 1 normal → start 1", "started 1 → start 2",
		"stop            → stop 2",
		"failed 2        → stop 1",
		"exit 1 normal   → all stopped as asked")
}

func TestStopDuringTheFirstStartStopsWhatRuns(t *testing.T) {
	trace(t, "one_for_one 1/5s permanent permanent permanent",
		"begin         → start 1",
		"started 1     → start 2",
		"stop          → stop 2",
		"started 2",
		"exit 2 normal → stop 1",
		"exit 1 normal → all stopped as asked")
}

func TestCrashDuringTheFirstStartIsARestart(t *testing.T) {
	trace(t, "one_for_one 1/5s permanent permanent permanent",
		"begin → start 1", "started 1 → start 2",
		"exit 1 abnormal → start 1",
		"started 2",
		"started 1 → start 3",
		"started 3 → all started")
	trace(t, "rest_for_one 1/5s permanent permanent",
		"begin → start 1", "started 1 → start 2",
		"exit 1 abnormal → stop 2",
		"exit 2 normal   → start 1",
		"started 1       → start 2",
		"started 2       → all started")
}
