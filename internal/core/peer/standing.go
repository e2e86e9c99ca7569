package peer

// Standing is what the two sides said last of choking and interest.
type Standing struct {
	Choke    Choke    // of the remote by us
	Interest Interest // ours
	// ChokesUs and WantsUs are the remote's.
	ChokesUs Choke
	WantsUs  Interest
}

// ViewStanding returns it.
func (c *Core) ViewStanding() Standing {
	return Standing{
		Choke: c.local.choke, Interest: c.local.interest,
		ChokesUs: c.remote.choke, WantsUs: c.remote.interest,
	}
}
