package send_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

func (l *line) sound() { l.SendSounding(l.now, utpwire.Data, 1400) }

func TestASoundingThatArrivesIsTold(t *testing.T) {
	l := warm(t)
	l.sound()
	l.send(1)
	l.wait(100 * ms)
	if a := l.ack(2); a.Sounding != send.SoundingArrived || a.Lost != (send.Losses{}) {
		t.Errorf("%+v", a)
	}
}

func TestASoundingThatIsOvertakenIsLostWithoutAnEpisode(t *testing.T) {
	l := warm(t)
	l.sound()
	l.send(3)
	l.wait(100 * ms)
	a := l.ack(0, 2, 3, 4)
	if want := (send.Losses{Sounding: send.SoundingLost}); a.Lost != want || l.Episode() != send.NoEpisode {
		t.Errorf("lost %+v, want %+v; episode %v", a.Lost, want, l.Episode())
	}
	l.resend()
	l.wait(100 * ms)
	if a := l.ack(4); a.Sounding != send.NoSounding || a.Ended != send.NoEnd {
		t.Errorf("what is sent again tells nothing of the path: %+v", a)
	}
}

func TestASoundingThatIsNotAnsweredAloneIsLostWithoutAnEpisode(t *testing.T) {
	l := warm(t)
	l.sound()
	l.expire(2*100*ms+40*ms, send.ProbeDue)
	e := l.expire(l.RTT().Timeout(0), send.TimedOut)
	if want := (send.Losses{Sounding: send.SoundingLost}); e.Lost != want || e.Passed != 0 || l.Episode() != send.NoEpisode {
		t.Errorf("%+v in episode %v", e, l.Episode())
	}
}

func TestASoundingThatIsLostWithOthersInASilenceIsUndecided(t *testing.T) {
	l := warm(t)
	l.send(1)
	l.sound()
	l.expire(2*100*ms, send.ProbeDue)
	e := l.expire(l.RTT().Timeout(0), send.TimedOut)
	if e.Lost.Sounding != send.SoundingUndecided || e.Lost.Packets != 2 || l.Episode() != send.TimeoutEpisode {
		t.Errorf("%+v in episode %v", e, l.Episode())
	}
}

func TestASoundingWhoseRepetitionArrivesWasLostWithoutAnEpisode(t *testing.T) {
	l := warm(t)
	l.sound()
	l.expire(2*100*ms+40*ms, send.ProbeDue)
	l.Probe(l.now)
	l.wait(100 * time.Millisecond)
	a := l.ack(1)
	if want := (send.Losses{Sounding: send.SoundingLost}); a.Lost != want || l.Episode() != send.NoEpisode {
		t.Errorf("%+v in episode %v", a, l.Episode())
	}
}
