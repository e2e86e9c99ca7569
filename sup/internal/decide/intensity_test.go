package decide

import "testing"

func TestOneRestartTooManyEscalates(t *testing.T) {
	trace(t, "one_for_one 2/5s permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → all started",
		"exit 1 abnormal → start 1", "started 1",
		"exit 1 abnormal → start 1", "started 1",
		"exit 1 abnormal → escalate 1, stop 2",
		"exit 2 normal   → all stopped gave up")
}

func TestIntensityCountsAllChildrenTogether(t *testing.T) {
	trace(t, "one_for_one 1/5s permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → all started",
		"exit 1 normal → start 1", "started 1",
		"exit 2 normal → escalate 2, stop 1",
		"exit 1 normal → all stopped gave up")
}

func TestIntensityZeroAllowsNoRestart(t *testing.T) {
	trace(t, "one_for_one 0/5s transient permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → all started",
		"exit 1 normal   → retire 1",
		"exit 2 abnormal → escalate 2, all stopped gave up")
}

// In OTP a restart counts while now =< then + period.
func TestIntensityWindowIncludesItsEdge(t *testing.T) {
	begun := []string{"begin → start 1", "started 1 → all started", "@10s exit 1 normal → start 1", "started 1"}
	trace(t, "one_for_one 1/5s permanent",
		append(begun, "@15s exit 1 normal → escalate 1, all stopped gave up")...)
	trace(t, "one_for_one 1/5s permanent",
		append(begun, "@15000000001ns exit 1 normal → start 1")...)
}

func TestFirstStartFailingStopsWhatWasStartedInReverse(t *testing.T) {
	for _, strategy := range []string{"one_for_one", "one_for_all", "rest_for_one"} {
		trace(t, strategy+" 9/5s permanent transient temporary permanent",
			"begin → start 1", "started 1 → start 2", "started 2 → start 3",
			"failed 3      → stop 2",
			"exit 2 normal → stop 1",
			"exit 1 normal → all stopped start failed")
	}
}

func TestFailedRestartIsTriedAgainAndCounted(t *testing.T) {
	trace(t, "one_for_one 2/5s permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → all started",
		"exit 1 abnormal → start 1",
		"failed 1        → start 1",
		"failed 1        → escalate 1, stop 2",
		"exit 2 normal   → all stopped gave up")
}

// A start that fails in the middle of a rest_for_one restart is tried again
// from the failed child; what came back before it stays.
func TestRestForOneTriesAgainFromTheFailedChild(t *testing.T) {
	trace(t, "rest_for_one 3/5s permanent permanent permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → start 4", "started 4 → all started",
		"exit 2 abnormal → stop 4", "exit 4 normal → stop 3", "exit 3 normal → start 2", "started 2 → start 3",
		"failed 3  → start 3",
		"started 3 → start 4",
		"started 4")
}

func TestOneForAllTriesAgainFromTheStart(t *testing.T) {
	trace(t, "one_for_all 3/5s permanent permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → start 3", "started 3 → all started",
		"exit 1 abnormal → stop 3", "exit 3 normal → stop 2", "exit 2 normal → start 1", "started 1 → start 2",
		"failed 2      → stop 1",
		"exit 1 normal → start 1",
		"started 1     → start 2")
}

func TestLateChildIsKilledThenWrittenOff(t *testing.T) {
	trace(t, "one_for_one 1/5s permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → all started",
		"@10s stop            → stop 2",
		"@10999ms deadline",
		"@11s deadline        → kill 2",
		"@12s deadline        → write off 2",
		"exit 2 abnormal      → stop 1",
		"exit 1 normal        → all stopped as asked")
}

func TestWhatIsLeftOfADeadBodyIsWrittenOff(t *testing.T) {
	trace(t, "rest_for_one 1/5s permanent permanent",
		"begin → start 1", "started 1 → start 2", "started 2 → all started",
		"@10s ending 1        ",
		"@11s deadline        → write off 1",
		"exit 1 abnormal      → stop 2",
		"exit 2 normal        → start 1")
}

func TestFillWaitsForAChildThatIsEnding(t *testing.T) {
	trace(t, "rest_for_one 3/5s permanent permanent permanent",
		"begin → start 1", "started 1 → start 2",
		"ending 1",
		"started 2",
		"exit 1 abnormal → stop 2",
		"exit 2 normal   → start 1")
}

func TestEndingAfterTheStopShortensTheWait(t *testing.T) {
	trace(t, "one_for_one 1/5s permanent",
		"begin → start 1", "started 1 → all started",
		"@10s stop            → stop 1",
		"@10500ms ending 1",
		"@11s deadline",
		"@11500ms deadline    → write off 1",
		"exit 1 abnormal      → all stopped as asked")
}

func TestEndingAfterTheKillDoesNotLengthenTheWait(t *testing.T) {
	trace(t, "one_for_one 1/5s permanent",
		"begin → start 1", "started 1 → all started",
		"@10s stop            → stop 1",
		"@11s deadline        → kill 1",
		"@11500ms ending 1",
		"@12s deadline        → write off 1",
		"exit 1 abnormal      → all stopped as asked")
}

func TestDynamicChildrenComeAndGo(t *testing.T) {
	trace(t, "dynamic 1/5s",
		"begin           → all started",
		"add 1 temporary → start 1",
		"add 2 transient → start 2",
		"add 3 permanent → start 3",
		"started 2", "started 1", "started 3",
		"exit 1 abnormal → retire 1",
		"exit 2 normal   → retire 2",
		"exit 3 normal   → start 3", "started 3",
		"remove 3        → stop 3",
		"remove 3",
		"exit 3 normal   → retire 3",
		"remove 3",
		"stop            → all stopped as asked")
}

func TestDynamicFirstStartFailingIsNotARestart(t *testing.T) {
	trace(t, "dynamic 0/5s",
		"begin           → all started",
		"add 1 permanent → start 1",
		"failed 1        → retire 1")
}

func TestDynamicRestartFailingCounts(t *testing.T) {
	trace(t, "dynamic 2/5s",
		"begin → all started", "add 1 permanent → start 1", "started 1", "add 2 temporary → start 2",
		"exit 1 abnormal → start 1",
		"failed 1        → start 1",
		"failed 1        → escalate 1, retire 1, stop 2",
		"add 3 temporary → retire 3",
		"exit 2 normal   → retire 2, all stopped gave up")
}

func TestDynamicStopsAllAtOnce(t *testing.T) {
	trace(t, "dynamic 1/5s",
		"begin → all started", "add 1 permanent → start 1", "started 1", "add 2 temporary → start 2",
		"@10s stop            → stop 1, stop 2",
		"exit 2 normal        → retire 2",
		"@11s deadline        → kill 1",
		"exit 1 normal        → retire 1, all stopped as asked")
}
